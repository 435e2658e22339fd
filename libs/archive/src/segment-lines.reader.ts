import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { decodeRecord, type RecordLine } from '@torch/domain-audit';
import type { ArchiveDisk, DiskFile } from './archive-disk';
import { ArchiveBroken } from './archive.errors';
import type { SegmentFile } from './archive.layout';
import { GiveWay } from './give-way';
import { NODE_DISK } from './node-disk.adapter';

const NEWLINE = 0x0a;
const READ_BYTES = 256 * 1024;
/** Of lines that whoever reads may take apart, hash and parse before others of this process have their turn. */
const STRETCH_BYTES = 1024 * 1024;
/** A commit has at most 1 MiB, and at most six times that as a JSON string. A longer line is no record. */
export const LINE_BYTES_MAX = 8 * 1024 * 1024;

export interface SegmentReadOptions {
  readonly disk?: ArchiveDisk;
  /** Of an open segment: read no further than this many bytes. Default: the size that it has when it is opened. */
  readonly bytes?: number;
  /** Of an open segment: begin here, at the start of a line. Default 0. */
  readonly fromByte?: number;
  /** Told every piece of the file as it lies on disk, in order. */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/**
 * A segment's whole lines, in buffers that each begin at the start of a line and end with a newline. Memory is flat. A line
 * without an end at the end of an open segment is left out: it is being written, or was torn. After every MiB others of this process
 * have their turn, even where the disk answers at once.
 *
 * @throws ArchiveBroken when a sealed segment is not whole gzip, or a line is longer than `LINE_BYTES_MAX`.
 * @returns false when there is no such file (any more).
 */
export async function* readSegmentLines(
  segment: Pick<SegmentFile, 'path' | 'isSealed'>,
  options: SegmentReadOptions = {},
): AsyncGenerator<Buffer, boolean, void> {
  const file = await (options.disk ?? NODE_DISK).openToRead(segment.path);
  if (!file) return false;
  const giveWay = new GiveWay(STRETCH_BYTES);
  let rest: Buffer | undefined;
  try {
    for await (const chunk of segment.isSealed ? gunzipped(file, segment.path, options) : stretch(file, options)) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) rest = rest ? Buffer.concat([rest, chunk]) : chunk;
      else {
        yield rest ? Buffer.concat([rest, end === chunk.length ? chunk : chunk.subarray(0, end)]) : chunk.subarray(0, end);
        rest = end === chunk.length ? undefined : chunk.subarray(end);
      }
      if (rest && rest.length > LINE_BYTES_MAX)
        throw new ArchiveBroken(`${segment.path} has a line of more than ${LINE_BYTES_MAX} bytes, which no record has.`);
      await giveWay.after(chunk.length);
    }
  } finally {
    await file.close();
  }
  if (rest && segment.isSealed) throw new ArchiveBroken(`${segment.path} ends in the middle of a line.`);
  return true;
}

/** Fresh buffers: whoever reads may keep parts of them. */
async function* stretch(file: DiskFile, { bytes, fromByte = 0, onBytes }: SegmentReadOptions): AsyncGenerator<Buffer, void, void> {
  const end = Math.min(bytes ?? Number.MAX_SAFE_INTEGER, await file.size());
  for (let at = fromByte; at < end;) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - at));
    const count = await file.read(buffer, at);
    if (count === 0) return;
    at += count;
    onBytes?.(buffer.subarray(0, count));
    yield buffer.subarray(0, count);
  }
}

async function* gunzipped(file: DiskFile, path: string, { onBytes }: SegmentReadOptions): AsyncGenerator<Buffer, void, void> {
  const gunzip = createGunzip({ chunkSize: READ_BYTES });
  // The failure is seen where the output is read.
  pipeline(Readable.from(stretch(file, { onBytes }), { objectMode: true, highWaterMark: 2 }), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string' && /^(Z_|ERR_)/.test((error as NodeJS.ErrnoException).code as string))
      throw new ArchiveBroken(`${path} is not whole: ${(error as Error).message}.`);
    throw error;
  } finally {
    gunzip.destroy();
  }
}

/** Calls `each` with every line of a buffer of whole lines, without its end. */
export function eachLine(lines: Buffer, each: (line: Buffer) => boolean | void): void {
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf(NEWLINE, at);
    if (each(lines.subarray(at, end)) === false) return;
    at = end + 1;
  }
}

/** Calls `each` with every record of a buffer of whole lines; undefined stands for a line that is none. Records keep the buffer. */
export function eachRecord(lines: Buffer, each: (record: RecordLine | undefined) => boolean | void): void {
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf(NEWLINE, at);
    if (each(decodeRecord(lines, at, end)) === false) return;
    at = end + 1;
  }
}
