interface RefusalFields {
  readonly status: number;
  /** Kebab-case and stable; the last part of the problem's type. */
  readonly code: string;
  /** Further members of the problem document. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The edge itself says no, for a reason that nobody behind it knows of. */
export class Refusal extends Error {
  constructor(
    readonly fields: RefusalFields,
    message: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

export const refusal = (status: number, code: string, message: string, extra?: RefusalFields['extra']): Refusal =>
  new Refusal({ status, code, extra }, message);
