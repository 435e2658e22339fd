import { type Log, type Position } from '@torch/log';

const ENTRIES_AT_A_TIME = 200;

/**
 * The last seq up to which the log is still the one in which `position` was seen: that of `position` itself unless a tail
 * was lost, else the last before the generation that came after the loss. What was trimmed had been archived, and so was not lost.
 */
export async function lastSharedSeq(log: Log, partition: number, position: Position): Promise<number> {
  const trimmedSeq = ((await log.first(partition))?.seq ?? 1) - 1;
  let seq = Math.min(position.seq, (await log.head(partition)).seq);
  while (seq > trimmedSeq) {
    const from = Math.max(trimmedSeq, seq - ENTRIES_AT_A_TIME);
    const entries = await log.read(partition, from, seq - from);
    const shared = entries.findLast((entry) => entry.position.generation <= position.generation);
    if (shared) return shared.position.seq;
    seq = from;
  }
  return Math.min(position.seq, trimmedSeq);
}
