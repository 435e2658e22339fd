import type { SegmentSealed } from '@torch/domain-audit';
import { join } from 'node:path';
import { type ArchiveDisk, readWhole, replaceFile } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, INDEX, partitionDir, sealedSegmentName } from '../archive.layout';
import { ArchivedRecord } from '../archived-record';
import { eachLine, readSegmentLines } from '../segment-lines.reader';
import { HistoryPart, HistoryPartBuilder, type IndexedCommit } from './history-part';
import { decodePart, encodePart, type IndexedSegment } from './history-part.codec';

const NOTHING_TOLD: IndexedCommit = { recordedAtMs: 0, events: [] };

/** `p03/index/history-<firstSeq>.idx` */
export const indexPath = (place: ArchivePlace, firstSeq: number): string =>
  join(partitionDir(place), INDEX, `history-${String(firstSeq).padStart(16, '0')}.idx`);

/**
 * The index of a sealed segment: from its file, or built anew when that is missing, damaged or of another content.
 *
 * An index that cannot be written, as in an archive that may only be read, is built again the next time.
 * @param onBuilding told before an index is built, which takes a second for some 50 MB.
 * @throws ArchiveBroken when the segment is missing or cannot be read.
 */
export async function segmentIndex(
  place: ArchivePlace,
  { firstSeq, sha256 }: Pick<SegmentSealed, 'firstSeq' | 'sha256'>,
  { disk, onBuilding }: { readonly disk: ArchiveDisk; readonly onBuilding?: () => void },
): Promise<HistoryPart> {
  const path = join(partitionDir(place), sealedSegmentName(firstSeq));
  const segment: IndexedSegment = { firstSeq, sha256, bytes: await sizeOf(disk, path) };
  const file = await readWhole(disk, indexPath(place, firstSeq)).catch(() => undefined);
  const found = file && decodePart(file, segment);
  if (found) return found;
  onBuilding?.();
  const part = await build(disk, path, firstSeq);
  await keep(disk, place, segment, part).catch(() => undefined);
  return part;
}

async function build(disk: ArchiveDisk, path: string, firstSeq: number): Promise<HistoryPart> {
  const builder = new HistoryPartBuilder(firstSeq);
  for await (const lines of readSegmentLines({ path, isSealed: true }, { disk })) {
    eachLine(lines, (line) => {
      const record = ArchivedRecord.of(line);
      if (!record) throw new ArchiveBroken(`A record in ${path} cannot be read.`);
      builder.add(indexedCommit(record.body));
    });
  }
  return builder.finish();
}

/** What is no commit tells nothing: those that read it say so. */
export function indexedCommit(body: string | undefined): IndexedCommit {
  if (body === undefined) return NOTHING_TOLD;
  try {
    const commit = JSON.parse(body) as IndexedCommit;
    return Array.isArray(commit.events) && typeof commit.recordedAtMs === 'number' ? commit : NOTHING_TOLD;
  } catch {
    return NOTHING_TOLD;
  }
}

async function keep(disk: ArchiveDisk, place: ArchivePlace, segment: IndexedSegment, part: HistoryPart): Promise<void> {
  const dir = join(partitionDir(place), INDEX);
  await disk.makeDir(dir);
  await replaceFile(disk, { dir, path: indexPath(place, segment.firstSeq) }, encodePart(part, segment));
}

async function sizeOf(disk: ArchiveDisk, path: string): Promise<number> {
  const file = await disk.openToRead(path);
  if (!file) throw new ArchiveBroken(`${path} is missing.`);
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}
