import { join } from 'node:path';
import { decodeRecord, encodeRecord, leafHash, type RecordLine, type SegmentPruned, type SegmentSealed } from '@torch/domain-audit';
import type { ArchiveDisk, DiskFile, FencedDisk } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, partitionDir, sealedSegmentName } from '../archive.layout';
import { outlineCommit } from '../commit-outline';
import { sha256 } from '../hashing';
import { eachLine, readSegmentLines } from '../segment-lines.reader';
import { writeGzip } from '../segment.sealer';
import { SegmentTally } from '../segment-tally';
import { type Expiry, isExpired } from './expired-commit';

/** Ends of names beside a segment: of what is to take its place, and of what it was until that is decided. */
export const PRUNED = '.pruned';
export const KEPT = '.kept';

const NEWLINE = Buffer.from('\n');

export interface Pruning {
  readonly place: ArchivePlace;
  readonly disk: ArchiveDisk;
  readonly segment: SegmentSealed;
  readonly expiry: Expiry;
  /** What has this seq, or a higher one, is still needed, expired or not. */
  readonly belowSeq: number;
}

/** What pruning a segment takes out of it. */
export interface PrunedRecords {
  /** Records that lose their content now; those without any before are not counted. */
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** What a pruning of the segment would take out of it; undefined when there is nothing to take. */
export async function countExpired(pruning: Pruning): Promise<PrunedRecords | undefined> {
  const { place, disk, segment, expiry, belowSeq } = pruning;
  if (segment.firstSeq >= belowSeq) return undefined;
  if (!segment.projects.some((project) => segment.fromMs < (expiry.get(project) ?? -Infinity))) return undefined;
  const tally = new PrunedTally();
  for await (const lines of readSegmentLines(fileOf(place, segment), { disk }))
    eachLine(lines, (line) => {
      const record = recordOf(line, segment);
      if (isExpiredRecord(record, pruning)) tally.add(record.seq);
    });
  return tally.found;
}

/**
 * Writes the segment anew, beside the old one, with a leaf in place of each expired commit and every other line as it is,
 * byte for byte. It is durable when this has resolved, and nobody reads it yet.
 */
export async function writePruned(
  pruning: Pruning & { readonly disk: FencedDisk },
): Promise<Pick<SegmentPruned, 'pruned' | 'bytes' | 'gzBytes' | 'sha256' | 'projects'>> {
  const { place, disk, segment } = pruning;
  const to = await disk.openToWrite(besidePath(place, segment, disk, PRUNED));
  try {
    await to.truncate(0);
    const written = await compressed(pruning, to);
    await to.sync();
    await disk.syncDir(partitionDir(place));
    return written;
  } finally {
    await to.close();
  }
}

export const besidePath = (
  place: ArchivePlace,
  { firstSeq }: Pick<SegmentSealed, 'firstSeq'>,
  { token }: Pick<FencedDisk, 'token'>,
  end: typeof PRUNED | typeof KEPT,
): string => `${join(partitionDir(place), sealedSegmentName(firstSeq))}.${token}${end}`;

async function compressed(
  pruning: Pruning,
  to: DiskFile,
): Promise<Pick<SegmentPruned, 'pruned' | 'bytes' | 'gzBytes' | 'sha256' | 'projects'>> {
  const { place, disk, segment } = pruning;
  const left = new SegmentTally();
  let pruned = 0;
  let bytes = 0;
  async function* chunks(): AsyncGenerator<Buffer, void, void> {
    for await (const lines of readSegmentLines(fileOf(place, segment), { disk })) {
      const out: Buffer[] = [];
      eachLine(lines, (line) => {
        const record = recordOf(line, segment);
        const isGone = record.leaf !== undefined || isExpiredRecord(record, pruning);
        if (isGone) pruned++;
        left.add(record, isGone || !record.body ? undefined : outlineCommit(record.body));
        out.push(isGone && record.leaf === undefined ? Buffer.from(withoutContent(record)) : line, NEWLINE);
      });
      const chunk = Buffer.concat(out);
      bytes += chunk.length;
      yield chunk;
    }
  }
  const written = await writeGzip(chunks, to);
  return { pruned, bytes, projects: left.content().projects, ...written };
}

const fileOf = (place: ArchivePlace, { firstSeq }: SegmentSealed) => ({
  path: join(partitionDir(place), sealedSegmentName(firstSeq)),
  isSealed: true,
});

/** @throws ArchiveBroken: pruning must not make something of what is not whole. */
function recordOf(line: Buffer, { firstPosition, lastPosition }: SegmentSealed): RecordLine {
  const record = decodeRecord(line);
  if (!record)
    throw new ArchiveBroken(`A record of segment ${firstPosition} to ${lastPosition} cannot be read; the segment is not pruned.`);
  return record;
}

const isExpiredRecord = ({ seq, body }: RecordLine, { expiry, belowSeq }: Pick<Pruning, 'expiry' | 'belowSeq'>): boolean =>
  body !== undefined && seq < belowSeq && isExpired(body.toString('utf8'), expiry);

function withoutContent({ seq, generation, previous, hash, body }: RecordLine): string {
  const leaf = leafHash({ seq, generation, body: body as Uint8Array }, sha256);
  return encodeRecord({ seq, generation, previous, hash, leaf, body: undefined });
}

class PrunedTally {
  found: PrunedRecords | undefined;

  add(seq: number): void {
    this.found = { records: (this.found?.records ?? 0) + 1, firstSeq: this.found?.firstSeq ?? seq, lastSeq: seq };
  }
}
