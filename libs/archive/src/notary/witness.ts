import { positionOf, type VerifierKey } from '@torch/domain-audit';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, partitionName } from '../archive.layout';
import { openCheckpoint } from '../verify/trusted-checkpoints';
import { type KeptCheckpoint, newestCheckpoint, proveConsistency } from './proofs';

/** A checkpoint as somebody else keeps it, where the archive's keeper cannot reach it. */
export interface WitnessedCheckpoint {
  readonly partition: number;
  /** Epoch ms. */
  readonly seenAtMs: number;
  readonly note: string;
}

/** How a partition's newest checkpoint goes with those that were witnessed before. */
export interface WitnessVerdict {
  readonly partition: number;
  readonly ok: boolean;
  /** Of the newest checkpoint; `0-0` without one. */
  readonly position: string;
  readonly root: string;
  /** What is to be kept from now on; absent when it is known already, or cannot be trusted. */
  readonly witnessed?: WitnessedCheckpoint;
  readonly problem?: string;
}

export interface Witnessing extends ArchivePlace {
  readonly logId: string;
  readonly keys: readonly VerifierKey[];
  /** Earlier checkpoints of this partition, oldest first. */
  readonly earlier: readonly WitnessedCheckpoint[];
  /** Epoch ms. */
  readonly nowMs: number;
}

/**
 * Holds an archive against the checkpoints that were witnessed of it: each of them must be a part of the newest one's tree.
 * A history that was rewritten, even by somebody who has the key, is found this way.
 */
export async function witnessPartition(request: Witnessing): Promise<WitnessVerdict> {
  const { partition, logId, keys, earlier, nowMs } = request;
  let newest: KeptCheckpoint | undefined;
  try {
    newest = await newestCheckpoint(request, keys);
  } catch (error) {
    if (error instanceof ArchiveBroken) return { ...nothing(partition), problem: error.message };
    throw error;
  }
  const known: KeptCheckpoint[] = [];
  for (const { note, seenAtMs } of earlier) {
    const checkpoint = openCheckpoint(note, { logId, partition, keys });
    if ('problem' in checkpoint)
      return { ...nothing(partition), problem: `What was witnessed at ${seenAtMs} is not to be trusted. ${checkpoint.problem}` };
    known.push({ note, checkpoint });
  }
  const last = known.at(-1);
  if (!newest) {
    const problem =
      last && `${partitionName(partition)} has no checkpoint any more; one for ${positionOf(last.checkpoint.head)} was witnessed.`;
    return { ...nothing(partition), ok: !last, ...(problem !== undefined && { problem }) };
  }
  const { checkpoint } = newest;
  const found = { partition, position: positionOf(checkpoint.head), root: checkpoint.root };
  const problem = await departure(request, known, newest);
  if (problem !== undefined) return { ...found, ok: false, problem };
  const isKnown = last?.checkpoint.size === checkpoint.size;
  return { ...found, ok: true, ...(!isKnown && { witnessed: { partition, seenAtMs: nowMs, note: newest.note } }) };
}

/** Every earlier tree is held against the newest, so that the place of a change is known as closely as it can be. */
async function departure(place: ArchivePlace, known: readonly KeptCheckpoint[], newest: KeptCheckpoint): Promise<string | undefined> {
  const { size, root } = newest.checkpoint;
  let sound = '0-0';
  for (const { checkpoint } of [...known].sort((a, b) => a.checkpoint.size - b.checkpoint.size)) {
    const witnessed = positionOf(checkpoint.head);
    if (checkpoint.size > size)
      return `${partitionName(place.partition)} ends with ${positionOf(newest.checkpoint.head)}, and ${witnessed} was witnessed: the history was cut back.`;
    const proof = await proveConsistency(place, checkpoint, { size, root }).catch((error: unknown) => {
      if (error instanceof ArchiveBroken) return undefined;
      throw error;
    });
    if (!proof)
      return `${partitionName(place.partition)} was rewritten: somewhere behind ${sound}, up to ${witnessed}, it is not the history that was witnessed.`;
    sound = witnessed;
  }
  return undefined;
}

const nothing = (partition: number) => ({ partition, ok: false, position: '0-0', root: '' });
