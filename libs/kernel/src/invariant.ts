/** A bug or a corrupt log: whoever meets it stops, loudly. Never caught to carry on. */
export class InvariantViolation extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvariantViolation';
  }
}

/** @throws InvariantViolation unless `condition` holds. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** Closes a `switch` over a union: the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`Unexpected value: ${JSON.stringify(value)}.`);
}
