import { CHAIN_START, type ChainHead } from '@torch/domain-audit';
import type { ArchiveDisk } from './archive-disk';
import { ArchiveBroken } from './archive.errors';
import type { ArchivePlace, SegmentFile } from './archive.layout';
import { ArchivedRecord } from './archived-record';
import { NODE_DISK } from './node-disk.adapter';
import { listSegments } from './segment-list';
import { eachLine, LINE_BYTES_MAX, readSegmentLines } from './segment-lines.reader';
import { readManifest } from './manifest.reader';

const NEWLINE = 0x0a;
const TAIL_BYTES = 64 * 1024;
/** A segment that is sealed while it is looked at shows up in its other form at the next look. */
const LOOKS_MAX = 5;

/**
 * The last record that is there to be read; `CHAIN_START` for an archive without one. What the writer has not made durable
 * yet may be among it.
 *
 * @throws ArchiveBroken when the last record cannot be read.
 */
export async function archiveHead(place: ArchivePlace, disk: ArchiveDisk = NODE_DISK): Promise<ChainHead> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const segments = await listSegments(place, disk);
    const found = segments.length === 0 ? CHAIN_START : await lastOf(segments, place, disk);
    if (found) return found;
  }
  throw new ArchiveBroken(
    `The segments of partition ${place.partition} in ${place.dir} changed ${LOOKS_MAX} times while they were looked at.`,
  );
}

/** Undefined when the list does not hold any more. */
async function lastOf(segments: readonly SegmentFile[], place: ArchivePlace, disk: ArchiveDisk): Promise<ChainHead | undefined> {
  for (const segment of [...segments].reverse()) {
    const head = segment.isSealed ? await headOfSealed(segment, place, disk) : await headOfOpen(segment, disk);
    if (head !== 'empty') return head;
  }
  return CHAIN_START;
}

async function headOfOpen(segment: SegmentFile, disk: ArchiveDisk): Promise<ChainHead | 'empty' | undefined> {
  const line = await lastLine(segment.path, disk);
  if (line === undefined || line === 'empty') return line;
  const record = ArchivedRecord.of(line);
  if (!record) throw new ArchiveBroken(`The last record of ${segment.path} cannot be read.`);
  return headOf(record);
}

async function headOfSealed(segment: SegmentFile, place: ArchivePlace, disk: ArchiveDisk): Promise<ChainHead | 'empty' | undefined> {
  const { sealed } = await readManifest(place, disk);
  const fact = sealed.find(({ firstSeq }) => firstSeq === segment.firstSeq);
  if (fact) return { seq: fact.lastSeq, generation: Number(fact.lastPosition.split('-')[1]), hash: fact.head };
  let last: Buffer | undefined;
  const lines = readSegmentLines(segment, { disk });
  for (;;) {
    const { value, done } = await lines.next();
    if (done) {
      if (value === false) return undefined;
      break;
    }
    eachLine(value as Buffer, (line) => {
      last = line;
    });
  }
  const record = last && ArchivedRecord.of(last);
  if (last && !record) throw new ArchiveBroken(`The last record of ${segment.path} cannot be read.`);
  return record ? headOf(record) : 'empty';
}

const headOf = ({ position, hash }: ArchivedRecord): ChainHead => ({ ...position, hash });

/** The last line with an end; undefined when there is no such file. */
async function lastLine(path: string, disk: ArchiveDisk): Promise<Buffer | 'empty' | undefined> {
  const file = await disk.openToRead(path);
  if (!file) return undefined;
  try {
    const size = await file.size();
    for (let bytes = Math.min(TAIL_BYTES, size); ; bytes = Math.min(bytes * 4, size)) {
      const tail = Buffer.alloc(bytes);
      for (let done = 0; done < bytes;) {
        const count = await file.read(tail.subarray(done), size - bytes + done);
        if (count === 0) return 'empty';
        done += count;
      }
      const end = tail.lastIndexOf(NEWLINE);
      const begin = end <= 0 ? -1 : tail.lastIndexOf(NEWLINE, end - 1);
      if (begin < 0 && bytes < size && bytes < LINE_BYTES_MAX) continue;
      return end < 0 ? 'empty' : tail.subarray(begin + 1, end);
    }
  } finally {
    await file.close();
  }
}
