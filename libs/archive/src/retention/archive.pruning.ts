import { join } from 'node:path';
import type { ManifestFact, SegmentSealed } from '@torch/domain-audit';
import { type ArchiveDisk, type FencedDisk, readWhole } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, INDEX, partitionDir, sealedSegmentName } from '../archive.layout';
import { sha256 } from '../hashing';
import { readManifest } from '../manifest.reader';
import type { Expiry } from './expired-commit';
import { besidePath, countExpired, KEPT, PRUNED, writePruned } from './segment.pruner';

export interface PruneArchive {
  readonly place: ArchivePlace;
  /**
   * Asked before each segment, when its successor is written, and once more when that is in its place: a hold that came in between
   * wins.
   */
  readonly expiry: () => Promise<Expiry>;
  /** Nothing from here on is taken: archived states of all services begin there. */
  readonly belowSeq: number;
  /** Adds a fact to the manifest durably: the archive's one writer does. */
  readonly note: (fact: ManifestFact) => Promise<void>;
  readonly reason: string;
  readonly dryRun?: boolean;
  readonly nowMs?: () => number;
  /** Of the archive's fence. */
  readonly disk: FencedDisk;
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
 *
 * @throws what `expiry` and `note` throw: the segment that it was about is as it was.
 */
export async function pruneArchive(options: PruneArchive): Promise<ArchivePruned> {
  const { place, expiry, belowSeq, dryRun = false, disk, signal } = options;
  const { sealed } = await readManifest(place, disk);
  let total = NOTHING;
  for (const segment of sealed) {
    if (signal?.aborted) break;
    const expired = await expiry();
    const found = await countExpired({ place, disk, segment, expiry: expired, belowSeq });
    if (!found) continue;
    const gzBytesAfter = dryRun ? segment.gzBytes : await replace(segment, expired, options);
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

/**
 * The successor takes its place before the last question: a hold that is acknowledged before the answer brings back what is still
 * kept, and one that comes later finds that the content had gone before it was acknowledged.
 *
 * @returns undefined when what was to expire is held by now.
 */
async function replace(segment: SegmentSealed, before: Expiry, options: PruneArchive): Promise<number | undefined> {
  const { place, disk, expiry, note, reason, belowSeq, nowMs = Date.now } = options;
  const { firstSeq, lastSeq } = segment;
  const written = await writePruned({ place, disk, segment, expiry: before, belowSeq });
  if (!isStillExpired(before, await expiry())) {
    await disk.remove(besidePath(place, segment, disk, PRUNED));
    return undefined;
  }
  await keepAside(place, disk, segment);
  try {
    await putInPlace(place, disk, { from: besidePath(place, segment, disk, PRUNED), firstSeq });
    if (!isStillExpired(before, await expiry())) {
      await putInPlace(place, disk, { from: besidePath(place, segment, disk, KEPT), firstSeq });
      return undefined;
    }
    await note({ kind: 'pruned', firstSeq, lastSeq, ...written, reason, prunedAtMs: nowMs() });
  } catch (error) {
    // Where this fails too, whoever opens the archive next sees to it.
    await putInPlace(place, disk, { from: besidePath(place, segment, disk, KEPT), firstSeq }).catch(() => undefined);
    throw error;
  }
  await disk.remove(besidePath(place, segment, disk, KEPT));
  return written.gzBytes;
}

const isStillExpired = (before: Expiry, now: Expiry): boolean =>
  [...before].every(([project, beforeMs]) => (now.get(project) ?? -Infinity) >= beforeMs);

async function keepAside(place: ArchivePlace, disk: FencedDisk, segment: SegmentSealed): Promise<void> {
  const dir = partitionDir(place);
  const path = join(dir, sealedSegmentName(segment.firstSeq));
  const content = await readWhole(disk, path);
  if (!content) throw new ArchiveBroken(`${path} was taken away while it was pruned.`);
  const file = await disk.openToWrite(besidePath(place, segment, disk, KEPT));
  try {
    await file.truncate(0);
    await file.write(content, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.syncDir(dir);
}

async function putInPlace(
  place: ArchivePlace,
  disk: ArchiveDisk,
  { from, firstSeq }: { readonly from: string; readonly firstSeq: number },
): Promise<void> {
  const dir = partitionDir(place);
  await disk.rename(from, join(dir, sealedSegmentName(firstSeq)));
  await disk.syncDir(dir);
  await removeIndexes(place, disk, firstSeq);
}

/** They tell of what is gone, and are made anew. */
async function removeIndexes(place: ArchivePlace, disk: ArchiveDisk, firstSeq: number): Promise<void> {
  const dir = join(partitionDir(place), INDEX);
  const digits = String(firstSeq).padStart(16, '0');
  for (const name of await disk.list(dir)) if (name.includes(digits)) await disk.remove(join(dir, name));
}

const BESIDE = /^(segment-\d{16}\.ndjson\.gz)\..*(\.pruned|\.kept)$/;

/**
 * Clears up where a pruning was interrupted. The manifest has decided: what it describes is in the segment's place afterwards.
 *
 * @param sealed the sealed segments as the manifest has them now.
 */
export async function finishPruning(place: ArchivePlace, disk: ArchiveDisk, sealed: readonly SegmentSealed[]): Promise<void> {
  const dir = partitionDir(place);
  // Successors first: none takes a place any more once it has been looked at what was kept.
  for (const end of [PRUNED, KEPT]) {
    for (const name of (await disk.list(dir)).filter((found) => found.endsWith(end))) {
      const path = join(dir, name);
      const segment = sealed.find(({ firstSeq }) => BESIDE.exec(name)?.[1] === sealedSegmentName(firstSeq));
      const bytes = segment && (await readWhole(disk, path));
      if (segment && bytes && sha256(bytes) === segment.sha256) await putInPlace(place, disk, { from: path, firstSeq: segment.firstSeq });
      else await disk.remove(path);
    }
  }
}
