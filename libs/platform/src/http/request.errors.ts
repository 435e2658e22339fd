import type { FieldProblem } from '@torch/contracts';

/** What was sent does not fit its contract. */
export class RequestInvalid extends Error {
  constructor(readonly problems: readonly FieldProblem[]) {
    super(problems.map(({ message }) => message).join(' '));
    this.name = 'RequestInvalid';
  }
}

/** The path leads to something that is not there. */
export class NotFound extends Error {
  constructor(
    /** kebab-case: `unknown-project`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'NotFound';
  }
}
