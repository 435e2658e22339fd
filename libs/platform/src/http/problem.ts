/** RFC 9457 problem details, with Torch's stable `code` and the fields that are at fault. */
export interface Problem {
  /** `urn:torch:problem:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** A sentence that names the field, the value, the way out. */
  readonly detail: string;
  /** kebab-case and stable: what programs decide by. */
  readonly code: string;
  /** Path of the request. */
  readonly instance?: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** A problem, and what its answer carries besides. */
export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** True for a bug or an outage of Torch's own: the log gets the error with its stack. */
  readonly unexpected: boolean;
}
