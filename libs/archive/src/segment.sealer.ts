import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { SegmentSealed } from '@torch/domain-audit';
import { type DiskFile, type FencedDisk, unfinishedPath } from './archive-disk';
import { ArchiveBroken, ArchiveClosed } from './archive.errors';
import { type ArchivePlace, openSegmentName, partitionDir, sealedSegmentName } from './archive.layout';
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
  disk: FencedDisk;
  full: FullSegment;
  signal?: AbortSignal;
}): Promise<Pick<SegmentSealed, 'gzBytes' | 'sha256'>> {
  const dir = partitionDir(place);
  const source = join(dir, openSegmentName(full.firstSeq));
  const target = join(dir, sealedSegmentName(full.firstSeq));
  const unfinished = unfinishedPath(target, disk);
  const from = await disk.openToRead(source);
  if (!from) throw new ArchiveBroken(`${source} was taken away before it was sealed.`);
  try {
    const to = await disk.openToWrite(unfinished);
    try {
      await to.truncate(0);
      const written = await writeGzip(() => stretch({ from, bytes: full.bytes, source, signal }), to);
      await to.sync();
      await to.close();
      await disk.rename(unfinished, target);
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

/** Compresses what comes from `chunks`, only as fast as the disk takes it. @throws what either of them throws. */
export async function writeGzip(
  chunks: () => AsyncGenerator<Buffer, void, void>,
  to: DiskFile,
): Promise<Pick<SegmentSealed, 'gzBytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let gzBytes = 0;
  const write = async (chunk: Buffer): Promise<void> => {
    hash.update(chunk);
    await to.write(chunk, gzBytes);
    gzBytes += chunk.length;
  };
  await pipeline(
    Readable.from(chunks(), { highWaterMark: 1 }),
    createGzip({ level: GZIP_LEVEL, chunkSize: READ_BYTES }),
    // With an async function in its place, what the disk says would be lost behind an AbortError.
    new Writable({ highWaterMark: READ_BYTES, write: (chunk: Buffer, _, done) => void write(chunk).then(() => done(), done) }),
  );
  return { gzBytes, sha256: hash.digest('hex') };
}

interface Stretch {
  readonly from: DiskFile;
  readonly bytes: number;
  readonly source: string;
  readonly signal?: AbortSignal;
}

async function* stretch({ from, bytes, source, signal }: Stretch): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < bytes;) {
    if (signal?.aborted) throw new ArchiveClosed(`${source} was not sealed before the archive was closed; that is done when it is opened.`);
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, bytes - at));
    const count = await from.read(buffer, at);
    if (count === 0) throw new ArchiveBroken(`${source} ends at ${at} where ${bytes} bytes were durable.`);
    at += count;
    yield buffer.subarray(0, count);
  }
}
