/** One field that does not fit: where (a JSON Pointer) and what is wrong with it. */
export interface ProblemField {
  readonly pointer: string;
  readonly message: string;
}

/** The gateway said no, with an RFC 9457 problem document. */
export class GatewayProblem extends Error {
  constructor(
    /** HTTP status. */
    readonly status: number,
    /** Kebab-case and stable: `unknown-project`. */
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly ProblemField[] = [],
    /** From `Retry-After`, when the gateway named a pause. */
    readonly retryAfterMs?: number,
    /** The whole document, for what only some problems carry. */
    readonly document: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.name = 'GatewayProblem';
  }

  /** True when the same request may well be accepted later. */
  get passing(): boolean {
    return [429, 502, 503, 504].includes(this.status);
  }
}

/** No answer from the gateway: refused, cut off, or too late. What was asked for may have taken effect. */
export class GatewayUnreachable extends Error {
  constructor(
    readonly url: string,
    options?: ErrorOptions,
  ) {
    super(`Torch's gateway at ${url} is not reachable: ${reasonOf(options?.cause)}.`, options);
    this.name = 'GatewayUnreachable';
  }
}

/** True for what a later attempt may mend: no answer, or an answer that asks for patience. */
export const isPassing = (error: unknown): boolean =>
  error instanceof GatewayUnreachable || (error instanceof GatewayProblem && error.passing);

/** `fetch` says only that it failed; what failed is its cause. */
function reasonOf(error: unknown): string {
  const { cause, code, message } = (error ?? {}) as { cause?: unknown; code?: unknown; message?: unknown };
  if (cause) return reasonOf(cause);
  return String(message || code || 'no answer');
}

/** The problem that a refused answer carries; answers of other servers become a problem too, named `unexpected-answer`. */
export async function problemOf(response: Response): Promise<GatewayProblem> {
  const text = await response.text().catch(() => '');
  const retryAfterMs = retryAfterOf(response);
  const document = parsed(text);
  if (!document) {
    const detail = `The answer ${response.status} is not a problem document: ${text.slice(0, 200) || 'it is empty'}.`;
    return new GatewayProblem(response.status, 'unexpected-answer', detail, [], retryAfterMs);
  }
  const code = typeof document.code === 'string' ? document.code : String(document.type ?? 'unknown').replace('urn:torch:problem:', '');
  const detail = String(document.detail ?? document.title ?? `The gateway answered ${response.status}.`);
  return new GatewayProblem(
    response.status,
    code,
    detail,
    Array.isArray(document.errors) ? (document.errors as ProblemField[]) : [],
    retryAfterMs,
    document,
  );
}

function retryAfterOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
