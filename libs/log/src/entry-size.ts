import { checkCommitSize } from './commit';
import { APPEND_BYTES_MAX, COMMAND_ENTRY_BYTES_MAX } from './log';
import { EntryTooLarge } from './log.errors';

/**
 * What one call of `append` may carry.
 *
 * @throws EntryTooLarge when a body is over 1 MiB or all together are over 64 MiB; RangeError without any body.
 */
export function checkAppendSize(bodies: readonly string[]): void {
  if (bodies.length === 0) throw new RangeError('An append needs at least one commit.');
  let bytes = 0;
  for (const body of bodies) {
    checkCommitSize(body);
    bytes += Buffer.byteLength(body);
  }
  if (bytes > APPEND_BYTES_MAX) throw new EntryTooLarge('An append', bytes, APPEND_BYTES_MAX);
}

/** @throws EntryTooLarge over 1 MiB. */
export function checkCommandEntrySize(body: string): void {
  const bytes = Buffer.byteLength(body);
  if (bytes > COMMAND_ENTRY_BYTES_MAX) throw new EntryTooLarge('A command entry', bytes, COMMAND_ENTRY_BYTES_MAX);
}

/** @throws EntryTooLarge over `bytesMax`. */
export function checkCacheSize(name: string, value: string, bytesMax: number): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > bytesMax) throw new EntryTooLarge(`The cache "${name}"`, bytes, bytesMax);
}
