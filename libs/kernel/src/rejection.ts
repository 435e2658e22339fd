import { cutToBytes } from './text-bytes';

/** Of a message, which is recorded as the answer to its command. */
export const REJECTION_BYTES_MAX = 4000;

/**
 * A rule said no. Final: the same command gets the same answer, so nobody retries it.
 *
 * `code` is kebab-case and stable; `message` is a sentence that names the field and the value; what of it is too long is cut.
 */
export class Rejection extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(cutToBytes(message, REJECTION_BYTES_MAX));
    this.name = 'Rejection';
  }
}
