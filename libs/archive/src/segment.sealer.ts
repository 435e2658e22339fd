import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createGzip, type Gzip } from 'node:zlib';
import type { SegmentSealed } from '@torch/domain-audit';
import type { ArchiveDisk, DiskFile } from './archive-disk';
import { ArchiveBroken, ArchiveClosed } from './archive.errors';
import { type ArchivePlace, openSegmentName, partitionDir, sealedSegmentName, UNFINISHED } from './archive.layout';
import type { SegmentContent } from './segment-tally';

/** A segment that gets no more records. */
export interface FullSegment extends SegmentContent {
  /** Of whole records. */
  readonly bytes: number;
  readonly head: string;
  readonly frontier: readonly string[];
}

const READ_BYTES = 256 * 1024;
/** Next to level 6 a little larger, and made in half the time. */
const GZIP_LEVEL = 4;

/**
 * Writes the compressed form beside the open one. Both are there when this has resolved, and the new one is durable; what
 * an earlier try left behind is written over.
 *
 * @throws ArchiveBroken when the segment is shorter than it must be; ArchiveClosed when `signal` fires.
 */
export async function compressSegment({
  place,
  disk,
  full,
  signal,
}: {
  place: ArchivePlace;
  disk: ArchiveDisk;
  full: FullSegment;
  signal?: AbortSignal;
}): Promise<Pick<SegmentSealed, 'gzBytes' | 'sha256'>> {
  const dir = partitionDir(place);
  const source = join(dir, openSegmentName(full.firstSeq));
  const target = join(dir, sealedSegmentName(full.firstSeq));
  const from = await disk.openToRead(source);
  if (!from) throw new ArchiveBroken(`${source} was taken away before it was sealed.`);
  try {
    const to = await disk.openToWrite(`${target}${UNFINISHED}`);
    try {
      await to.truncate(0);
      const written = await compress({ from, to, bytes: full.bytes, source, signal });
      await to.sync();
      await to.close();
      await disk.rename(`${target}${UNFINISHED}`, target);
      await disk.syncDir(dir);
      return written;
    } catch (error) {
      await to.close().catch(() => undefined);
      throw error;
    }
  } finally {
    await from.close();
  }
}

interface Compression {
  readonly from: DiskFile;
  readonly to: DiskFile;
  readonly bytes: number;
  readonly source: string;
  readonly signal?: AbortSignal;
}

async function compress({ from, to, bytes, source, signal }: Compression): Promise<{ gzBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const gzip = createGzip({ level: GZIP_LEVEL, chunkSize: READ_BYTES });
  const fed = feed(gzip, { from, bytes, source, signal });
  fed.catch((error: Error) => gzip.destroy(error));
  let gzBytes = 0;
  try {
    for await (const chunk of gzip as AsyncIterable<Buffer>) {
      hash.update(chunk);
      await to.write(chunk, gzBytes);
      gzBytes += chunk.length;
    }
    await fed;
  } finally {
    gzip.destroy();
  }
  return { gzBytes, sha256: hash.digest('hex') };
}

async function feed(gzip: Gzip, { from, bytes, source, signal }: Omit<Compression, 'to'>): Promise<void> {
  for (let at = 0; at < bytes;) {
    if (signal?.aborted) throw new ArchiveClosed(`${source} was not sealed before the archive was closed; that is done when it is opened.`);
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, bytes - at));
    const count = await from.read(buffer, at);
    if (count === 0) throw new ArchiveBroken(`${source} ends at ${at} where ${bytes} bytes were durable.`);
    at += count;
    if (gzip.destroyed) return;
    if (!gzip.write(buffer.subarray(0, count))) await Promise.race([once(gzip, 'drain'), once(gzip, 'close')]);
  }
  gzip.end();
}
