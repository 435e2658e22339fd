import { firstDifference, NODE_DISK, verifyArchive } from '@torch/archive';
import type { PartitionVerdict } from '@torch/contracts';
import { type ChainHead, positionOf, type VerifierKey } from '@torch/domain-audit';
import { formatPosition, type Log, parsePosition, type Position } from '@torch/log';

export interface CheckRequest {
  readonly place: { readonly dir: string; readonly partition: number };
  /** What is known to be archived. */
  readonly head: ChainHead;
  readonly log: Log;
  readonly keys: readonly VerifierKey[];
}

interface Fault {
  readonly position?: string;
  readonly problem: string;
}

const TEXT_MAX = 2000;

/**
 * Reads a whole partition of the archive, checks every hash, segment and signature, and compares every record with the log as
 * far back as the log reaches. It works in small pieces, between which everything else goes on.
 *
 * @throws LogUnavailable
 */
export async function checkChain({ place, head, log, keys }: CheckRequest): Promise<PartitionVerdict> {
  const { partition } = place;
  const [first, logHead] = await Promise.all([log.first(partition), log.head(partition)]);
  const { partitions, problem } = await verifyArchive({ dir: place.dir, partitions: [partition], keys });
  const [proof] = partitions;
  if (!proof)
    return { partition, ok: false, records: 0, lastSeq: 0, lastHash: '', problem: (problem ?? 'It was not checked.').slice(0, TEXT_MAX) };
  const last = parsePosition(proof.lastPosition);
  const found: Fault | undefined = proof.problem === undefined ? undefined : { position: proof.badPosition, problem: proof.problem };
  const fault = found ?? cutOff(last, head) ?? (await departure({ place, log, first, logHead, last })) ?? logCutOff(logHead, head);
  return {
    partition,
    ok: fault === undefined,
    records: proof.records,
    lastSeq: last.seq,
    lastHash: proof.head,
    ...(fault && { ...(fault.position !== undefined && { badPosition: fault.position }), problem: fault.problem.slice(0, TEXT_MAX) }),
  };
}

function cutOff(last: Position, head: ChainHead): Fault | undefined {
  if (last.seq >= head.seq) return undefined;
  const position = positionOf({ seq: last.seq + 1, generation: head.generation });
  return { position, problem: `The chain ends at ${formatPosition(last)}, and must reach ${positionOf(head)}.` };
}

interface Departure {
  readonly place: CheckRequest['place'];
  readonly log: Log;
  readonly first: Position | undefined;
  readonly logHead: Position;
  readonly last: Position;
}

/** The log may go on while the archive is read, and may have forgotten what is old. */
async function departure({ place, log, first, logHead, last }: Departure): Promise<Fault | undefined> {
  const throughSeq = Math.min(logHead.seq, last.seq);
  if (!first || throughSeq < first.seq) return undefined;
  return firstDifference({ place, disk: NODE_DISK, log, fromSeq: first.seq, throughSeq });
}

function logCutOff(logHead: Position, head: ChainHead): Fault | undefined {
  if (logHead.seq >= head.seq) return undefined;
  const position = positionOf({ seq: logHead.seq + 1, generation: head.generation });
  return { position, problem: `The log ends at ${formatPosition(logHead)}, and the chain at ${positionOf(head)}.` };
}
