/**
 * A rule said no. Final: the same command gets the same answer, so nobody retries it.
 *
 * `code` is kebab-case and stable; `message` is a sentence that names the field and the value.
 */
export class Rejection extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'Rejection';
  }
}
