import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CHAIN_START,
  type ChainHead,
  encodeManifestLine,
  encodeRecord,
  Frontier,
  MANIFEST_START,
  manifestHash,
  type SegmentSealed,
} from '@torch/domain-audit';
import { decodeCommit, formatPosition } from '@torch/log';
import { type ArchivePlace, checkpointPath, manifestPath, openSegmentName, partitionDir } from '../archive.layout';
import { readArchive } from '../archive.reader';
import type { ArchivedRecord } from '../archived-record';
import type { SignCheckpoint } from '../checkpoint.writer';
import { sha256 } from '../hashing';
import { readManifest } from '../manifest.reader';
import { NODE_DISK } from '../node-disk.adapter';
import { listSegments } from '../segment-list';
import { listStates, stateFileName } from '../states/archived-states';
import { STATES_NOTE } from '../states/states.note';
import { BackupRefused } from './backup.errors';

/** When a record's commit was recorded; undefined once retention has removed its content. */
export function recordedAtMs({ position, body }: ArchivedRecord): number | undefined {
  return body === undefined ? undefined : decodeCommit({ position, body }, () => false).recordedAtMs;
}

/** The last seq before anything that was recorded after `atMs`; 0 when there is none. */
export async function lastSeqBy(place: ArchivePlace, atMs: number): Promise<number> {
  const { sealed } = await readManifest(place);
  const later = sealed.findIndex(({ toMs }) => toMs > atMs);
  let seq = (later < 0 ? sealed.at(-1)?.lastSeq : sealed[later - 1]?.lastSeq) ?? 0;
  for await (const batch of readArchive({ ...place, afterSeq: seq })) {
    for (const record of batch) {
      const recorded = recordedAtMs(record);
      if (recorded !== undefined && recorded > atMs) return seq;
      seq = record.position.seq;
    }
  }
  return seq;
}

/**
 * Ends a partition's archive with `throughSeq`, in a copy that nobody else works on: what comes behind it goes, and the
 * segment that it lies in becomes the open one. Records keep their places and hashes. The manifest tells of the segments
 * that are left, and a checkpoint of what is there now is signed.
 *
 * @throws BackupRefused when it lies in a segment from which retention has removed content.
 */
export async function cutPartition(place: ArchivePlace, throughSeq: number, sign: SignCheckpoint): Promise<void> {
  const { lines } = await readManifest(place);
  const segments = await listSegments(place);
  const kept = lines.filter(({ lastSeq }) => lastSeq <= throughSeq);
  await cutStates(
    place,
    throughSeq,
    kept.some(({ kind }) => kind === 'pruned'),
  );
  const last = kept.findLast((line): line is (typeof lines)[number] & SegmentSealed => line.kind === 'sealed');
  const end = await rest(place, last, throughSeq);
  for (const { path, firstSeq } of segments) if (firstSeq > (last?.lastSeq ?? 0)) await rm(path);
  if (end.lines.length > 0)
    await writeFile(join(partitionDir(place), openSegmentName((last?.lastSeq ?? 0) + 1)), end.lines, { mode: 0o600 });
  const manifest = relinked(kept.map(({ previous: _, ...fact }) => fact));
  await writeFile(manifestPath(place), manifest.text, { mode: 0o600 });
  await rm(checkpointPath(place), { force: true });
  if (end.head.seq > 0) {
    const note = sign({ size: end.head.seq, root: end.frontier.root(), head: end.head, manifest: manifest.hash });
    await writeFile(checkpointPath(place), note, { mode: 0o600 });
  }
}

/** A state of what is cut off is of no use; without one, everything has to be there from the beginning on. */
async function cutStates(place: ArchivePlace, throughSeq: number, isPruned: boolean): Promise<void> {
  const states = await listStates(place, NODE_DISK);
  const ahead = states.find(({ seen }) => seen.seq > throughSeq);
  if (!ahead) return;
  if (isPruned)
    throw new BackupRefused(
      `Retention has removed content of partition ${place.partition} below the cut, and the state of ${ahead.service} that stands for it is of ${formatPosition(ahead.seen)}. Cut no earlier than there.`,
    );
  for (const { service } of states) await rm(join(partitionDir(place), stateFileName(service)));
  await rm(join(partitionDir(place), STATES_NOTE), { force: true });
}

interface Rest {
  readonly lines: string[];
  readonly head: ChainHead;
  readonly frontier: Frontier;
}

/** What comes behind the last segment that is left whole. */
async function rest(place: ArchivePlace, last: SegmentSealed | undefined, throughSeq: number): Promise<Rest> {
  const frontier = last ? Frontier.decode(last.frontier, last.lastSeq, sha256) : Frontier.empty(sha256);
  let head: ChainHead = last ? { seq: last.lastSeq, generation: Number(last.lastPosition.split('-')[1]), hash: last.head } : CHAIN_START;
  const lines: string[] = [];
  for await (const batch of readArchive({ ...place, afterSeq: head.seq, throughSeq })) {
    for (const { position, previous, hash, leaf, body } of batch) {
      if (body === undefined)
        throw new BackupRefused(
          `The cut lies in a segment of partition ${place.partition} from which retention has removed ${formatPosition(position)}; such a segment stays whole. Cut before ${head.seq + 1} or behind the segment.`,
        );
      lines.push(`${encodeRecord({ ...position, previous, hash, leaf, body })}\n`);
      frontier.append(leaf);
      head = { ...position, hash };
    }
  }
  return { lines, head, frontier };
}

/** Lines whose neighbours went are bound to the ones that are left. */
function relinked(facts: readonly Parameters<typeof encodeManifestLine>[0][]): { readonly text: string; readonly hash: string } {
  let hash = MANIFEST_START;
  const lines = facts.map((fact) => {
    const line = encodeManifestLine(fact, hash);
    hash = manifestHash(line, sha256);
    return `${line}\n`;
  });
  return { text: lines.join(''), hash };
}
