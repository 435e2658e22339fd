import {
  type Checkpoint,
  consistencyRanges,
  inclusionRanges,
  type LeafRange,
  nodesOf,
  positionOf,
  proofOf,
  type TreeHead,
  type TreeNode,
  type VerifierKey,
  verifyConsistency,
  verifyInclusion,
} from '@torch/domain-audit';
import { readWhole } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, checkpointPath } from '../archive.layout';
import { readArchive } from '../archive.reader';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import { readLogNote } from '../segment-list';
import { openCheckpoint } from '../verify/trusted-checkpoints';
import { TreeIndex } from './tree-index';

/** That one commit is in the log, for whoever trusts the notary's key and nothing else. */
export interface InclusionProof {
  readonly logId: string;
  readonly partition: number;
  readonly position: string;
  /** The commit's text as the log holds it; absent when retention has removed it. */
  readonly commit?: string;
  /** `sha256(0x00 ‖ "<position>\n<commit>")`, as hex. */
  readonly leaf: string;
  /** Of the leaf in the tree: seq - 1. */
  readonly index: number;
  /** From the leaf's neighbour up, as hex. RFC 6962 §2.1.1. */
  readonly proof: readonly string[];
  /** The signed note whose tree it is. */
  readonly checkpoint: string;
}

/** A checkpoint as it is kept: the note, and what it says. */
export interface KeptCheckpoint {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/** The newest checkpoint of a partition, checked with the keys; undefined when there is none yet. @throws ArchiveBroken */
export async function newestCheckpoint(place: ArchivePlace, keys: readonly VerifierKey[]): Promise<KeptCheckpoint | undefined> {
  const path = checkpointPath(place);
  const log = await readLogNote(place);
  const note = (await readWhole(NODE_DISK, path))?.toString('utf8');
  if (!log || note === undefined) return undefined;
  const checkpoint = openCheckpoint(note, { logId: log.logId, partition: place.partition, keys });
  if ('problem' in checkpoint) throw new ArchiveBroken(`${path} is not to be trusted. ${checkpoint.problem}`);
  return { note, checkpoint };
}

/**
 * Proves that the commit at `seq` is in the log that the newest checkpoint was signed for.
 *
 * @throws RangeError when the checkpoint does not reach it; ArchiveBroken when the archive does not bear the checkpoint out.
 */
export async function proveInclusion(place: ArchivePlace, seq: number, { note, checkpoint }: KeptCheckpoint): Promise<InclusionProof> {
  const { size, root } = checkpoint;
  const ranges = inclusionRanges(seq - 1, size);
  const record = await recordAt(place, seq);
  const index = seq - 1;
  const { leaf } = record;
  const proof = await fromIndex(place, size, ranges, (hashes) => verifyInclusion({ leaf, index, size, root, proof: hashes }, sha256));
  if (!proof) throw new ArchiveBroken(`The archive of partition ${place.partition} is not the one that its checkpoint was signed for.`);
  const [, logId = ''] = checkpoint.origin.split('/');
  const position = positionOf(record.position);
  return {
    logId,
    partition: place.partition,
    position,
    ...(record.body !== undefined && { commit: record.body }),
    leaf,
    index,
    proof,
    checkpoint: note,
  };
}

/** The proof that the archive's tree of `later.size` leaves carries `earlier` on; undefined when it does not. @throws ArchiveBroken */
export function proveConsistency(place: ArchivePlace, earlier: TreeHead, later: TreeHead): Promise<string[] | undefined> {
  const ranges = consistencyRanges(earlier.size, later.size);
  return fromIndex(place, later.size, ranges, (proof) => verifyConsistency({ earlier, later, proof }, sha256));
}

async function recordAt(place: ArchivePlace, seq: number) {
  for await (const [record] of readArchive({ ...place, afterSeq: seq - 1, throughSeq: seq })) if (record) return record;
  throw new ArchiveBroken(`The archive of partition ${place.partition} has no record ${seq}.`);
}

/** An index that does not bear the proof out may be at fault itself: it is made anew, once. */
async function fromIndex(
  place: ArchivePlace,
  size: number,
  ranges: readonly LeafRange[],
  holds: (proof: readonly string[]) => boolean,
): Promise<string[] | undefined> {
  for (const isFresh of [false, true]) {
    if (isFresh) await TreeIndex.remove(place);
    const proof = await assembled(place, size, ranges);
    if (holds(proof)) return proof;
  }
  return undefined;
}

async function assembled(place: ArchivePlace, size: number, ranges: readonly LeafRange[]): Promise<string[]> {
  const index = await TreeIndex.open(place, size);
  try {
    const hashes = new Map<string, string>();
    const keyOf = ({ level, index: at }: TreeNode): string => `${level}/${at}`;
    for (const node of ranges.flatMap(nodesOf)) hashes.set(keyOf(node), await index.hash(node));
    return proofOf(ranges, (node) => hashes.get(keyOf(node)) as string, sha256);
  } finally {
    await index.close();
  }
}

/** Why a proof does not hold; undefined when it does. Needs nothing but the proof and the keys. */
export function inclusionProblem(proof: InclusionProof, keys: readonly VerifierKey[]): string | undefined {
  const { logId, partition, position, commit, leaf, index } = proof;
  const checkpoint = openCheckpoint(proof.checkpoint, { logId, partition, keys });
  if ('problem' in checkpoint) return `The checkpoint is not to be trusted. ${checkpoint.problem}`;
  if (position.split('-')[0] !== String(index + 1)) return `Leaf ${index} belongs to seq ${index + 1}, and not to ${position}.`;
  if (commit !== undefined && sha256(`\0${position}\n${commit}`) !== leaf)
    return 'The leaf is not the hash of this commit at this position.';
  const { size, root } = checkpoint;
  return verifyInclusion({ leaf, index, size, root, proof: proof.proof }, sha256)
    ? undefined
    : 'The proof does not lead from the leaf to the root of the checkpoint.';
}
