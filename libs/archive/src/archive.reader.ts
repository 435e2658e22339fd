import { positionOf } from '@torch/domain-audit';
import type { ArchiveDisk } from './archive-disk';
import { archiveHead } from './archive-head';
import { ArchiveBroken } from './archive.errors';
import type { ArchivePlace, SegmentFile } from './archive.layout';
import { ArchivedRecord } from './archived-record';
import { NODE_DISK } from './node-disk.adapter';
import { listSegments } from './segment-list';
import { eachRecord, readSegmentLines } from './segment-lines.reader';

export interface ReadArchive extends ArchivePlace {
  /** Begin behind this seq. Default 0. */
  readonly afterSeq?: number;
  /** End with this seq, or with what is there when the reading begins. */
  readonly throughSeq?: number;
  readonly disk?: ArchiveDisk;
}

/** Looks at the directory that may bring nothing new before a record counts as missing. */
const FRUITLESS_LOOKS_MAX = 3;

/**
 * A partition's records in order, each exactly once, in batches of what one read of a file gave. Memory is flat. It may be
 * used while the archive is written, and while a segment is sealed: what is there at the beginning comes, up to `throughSeq`.
 *
 * Hashes are not checked, only that no record is missing, doubled or out of place.
 *
 * @throws ArchiveBroken naming the first position that is missing or cannot be read.
 */
export async function* readArchive(request: ReadArchive): AsyncGenerator<readonly ArchivedRecord[], void, void> {
  const { afterSeq = 0, throughSeq = Number.MAX_SAFE_INTEGER, disk = NODE_DISK } = request;
  const end = Math.min(throughSeq, (await archiveHead(request, disk)).seq);
  const sequence = new Sequence(request, afterSeq, end);
  for (let fruitless = 0; sequence.seq < end;) {
    const before = sequence.seq;
    const segment = segmentWith(before + 1, await listSegments(request, disk));
    if (segment) {
      for await (const lines of readSegmentLines(segment, { disk })) {
        const batch = sequence.take(lines, segment);
        if (batch.length > 0) yield batch;
        if (sequence.seq >= end) return;
      }
    }
    fruitless = sequence.seq === before ? fruitless + 1 : 0;
    if (fruitless >= FRUITLESS_LOOKS_MAX) throw sequence.missing();
  }
}

/** The segment that has `seq` when any has. */
const segmentWith = (seq: number, segments: readonly SegmentFile[]): SegmentFile | undefined =>
  segments.findLast(({ firstSeq }) => firstSeq <= seq);

class Sequence {
  private generation = 0;

  constructor(
    private readonly place: ArchivePlace,
    /** The last seq that was handed out. */
    public seq: number,
    private readonly end: number,
  ) {}

  /** The records that come next; those of before are passed over. */
  take(lines: Buffer, { path }: SegmentFile): ArchivedRecord[] {
    const batch: ArchivedRecord[] = [];
    eachRecord(lines, (record) => {
      if (this.seq >= this.end) return false;
      if (!record) throw this.broken(`A record behind ${this.seq} in ${path} cannot be read.`);
      const { seq, generation } = record;
      if (seq <= this.seq) return true;
      if (seq !== this.seq + 1) throw this.missing(`${positionOf(record)} comes in its place.`);
      if (generation < this.generation) throw this.broken(`Record ${positionOf(record)} in ${path} goes back a generation.`);
      this.seq = seq;
      this.generation = generation;
      batch.push(new ArchivedRecord(record));
      return true;
    });
    return batch;
  }

  missing(why = 'no segment has it.'): ArchiveBroken {
    const { dir, partition } = this.place;
    return this.broken(`Record ${this.seq + 1} of partition ${partition} is missing in ${dir}: ${why}`);
  }

  private broken(message: string): ArchiveBroken {
    return new ArchiveBroken(message, positionOf({ seq: this.seq + 1, generation: this.generation }));
  }
}
