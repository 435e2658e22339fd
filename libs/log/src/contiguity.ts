import type { LogEntry } from './log';
import { Gap, LogRegressed } from './log.errors';
import type { Position } from './position';

interface Reading {
  readonly partition: number;
  readonly afterSeq: number;
  readonly entries: readonly LogEntry[];
  /** Where the log ended before the entries were read. */
  readonly headBefore: Position;
}

/**
 * Proves that what was read follows `afterSeq` without a hole, in generations that never shrink.
 *
 * @throws Gap when an entry is missing; LogRegressed when the log ends before `afterSeq`.
 */
export function checkContiguity({ partition, afterSeq, entries, headBefore }: Reading): void {
  let expectedSeq = afterSeq + 1;
  let generation = 0;
  for (const { position } of entries) {
    if (position.seq !== expectedSeq || position.generation < generation) throw new Gap(partition, expectedSeq, position);
    expectedSeq++;
    generation = position.generation;
  }
  if (entries.length > 0) return;
  if (headBefore.seq > afterSeq) throw new Gap(partition, expectedSeq, headBefore);
  if (headBefore.seq < afterSeq) throw new LogRegressed(partition, { seq: afterSeq, generation: headBefore.generation }, headBefore);
}
