import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ManifestFact, SegmentSealed } from '@torch/domain-audit';
import { type ArchiveDisk, readWhole } from '../archive-disk';
import { type ArchivePlace, INDEX, partitionDir, sealedSegmentName } from '../archive.layout';
import { readManifest } from '../manifest.reader';
import { NODE_DISK } from '../node-disk.adapter';
import type { Expiry } from './expired-commit';
import { countExpired, PRUNED, prunedPath, writePruned } from './segment.pruner';

export interface PruneArchive {
  readonly place: ArchivePlace;
  /** Asked before each segment, and once more before one takes the place of another: a hold that came in between wins. */
  readonly expiry: () => Promise<Expiry>;
  /** Adds a fact to the manifest durably: the archive's one writer does. */
  readonly note: (fact: ManifestFact) => Promise<void>;
  readonly reason: string;
  readonly dryRun?: boolean;
  readonly nowMs?: () => number;
  readonly disk?: ArchiveDisk;
  readonly signal?: AbortSignal;
}

/** What was taken out of a partition's archive, or would be. */
export interface ArchivePruned {
  readonly segments: number;
  readonly records: number;
  /** The lowest and the highest seq that lost its content; 0 when none did. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly gzBytesBefore: number;
  readonly gzBytesAfter: number;
}

const NOTHING: ArchivePruned = { segments: 0, records: 0, firstSeq: 0, lastSeq: 0, gzBytesBefore: 0, gzBytesAfter: 0 };

/**
 * Takes expired commits out of sealed segments, one segment after the other. After a crash at any moment each segment is
 * either as it was or pruned, once `finishPruning` has run.
 */
export async function pruneArchive(options: PruneArchive): Promise<ArchivePruned> {
  const { place, expiry, dryRun = false, disk = NODE_DISK, signal } = options;
  const { sealed } = await readManifest(place, disk);
  let total = NOTHING;
  for (const segment of sealed) {
    if (signal?.aborted) break;
    const pruning = { place, disk, segment, expiry: await expiry() };
    const found = await countExpired(pruning);
    if (!found) continue;
    const gzBytesAfter = dryRun ? segment.gzBytes : await replace(segment, options, disk);
    if (gzBytesAfter === undefined) continue;
    total = {
      segments: total.segments + 1,
      records: total.records + found.records,
      firstSeq: total.firstSeq || found.firstSeq,
      lastSeq: found.lastSeq,
      gzBytesBefore: total.gzBytesBefore + segment.gzBytes,
      gzBytesAfter: total.gzBytesAfter + gzBytesAfter,
    };
  }
  return total;
}

/** Undefined when what was to expire is held by now. */
async function replace(segment: SegmentSealed, options: PruneArchive, disk: ArchiveDisk): Promise<number | undefined> {
  const { place, expiry, note, reason, nowMs = Date.now } = options;
  const { firstSeq, lastSeq } = segment;
  const before = await expiry();
  const written = await writePruned({ place, disk, segment, expiry: before });
  const now = await expiry();
  if ([...before].some(([project]) => !now.has(project) || (now.get(project) as number) < (before.get(project) as number))) {
    await disk.remove(prunedPath(place, segment));
    return undefined;
  }
  await note({ kind: 'pruned', firstSeq, lastSeq, ...written, reason, prunedAtMs: nowMs() });
  await putInPlace(place, disk, segment);
  return written.gzBytes;
}

async function putInPlace(place: ArchivePlace, disk: ArchiveDisk, segment: Pick<SegmentSealed, 'firstSeq'>): Promise<void> {
  const dir = partitionDir(place);
  await disk.rename(prunedPath(place, segment), join(dir, sealedSegmentName(segment.firstSeq)));
  await disk.syncDir(dir);
  await removeIndexes(place, disk, segment.firstSeq);
}

/** They tell of what is gone, and are made anew. */
async function removeIndexes(place: ArchivePlace, disk: ArchiveDisk, firstSeq: number): Promise<void> {
  const dir = join(partitionDir(place), INDEX);
  const digits = String(firstSeq).padStart(16, '0');
  for (const name of await disk.list(dir)) if (name.includes(digits)) await disk.remove(join(dir, name));
}

/**
 * Carries on where a crash left a pruning: a segment that the manifest knows takes its place, another one goes.
 *
 * @param sealed the sealed segments as the manifest has them now.
 */
export async function finishPruning(place: ArchivePlace, disk: ArchiveDisk, sealed: readonly SegmentSealed[]): Promise<void> {
  const dir = partitionDir(place);
  const names = (await disk.list(dir)).filter((name) => name.endsWith(PRUNED));
  for (const name of names) {
    const path = join(dir, name);
    const segment = sealed.find(({ firstSeq }) => `${sealedSegmentName(firstSeq)}${PRUNED}` === name);
    const bytes = segment && (await readWhole(disk, path));
    const isNoted = bytes !== undefined && createHash('sha256').update(bytes).digest('hex') === segment?.sha256;
    if (segment && isNoted) await putInPlace(place, disk, segment);
    else await disk.remove(path);
  }
}
