import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

export interface Hashed {
  readonly bytes: number;
  readonly sha256: string;
}

/** Passes `content` on, and tells its size and hash once it has ended. */
export async function* hashed(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ended: (found: Hashed) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  ended({ bytes, sha256: hash.digest('hex') });
}

/** @throws the system's error, such as ENOENT. */
export async function hashOfFile(path: string): Promise<Hashed> {
  let found: Hashed | undefined;
  for await (const chunk of hashed(createReadStream(path), (end) => (found = end))) void chunk;
  return found as Hashed;
}
