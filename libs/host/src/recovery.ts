import { type AuditEvent, eventContract, SYSTEM_PROJECT } from '@torch/contracts';
import { formatPosition, type Position } from '@torch/log';
import type { Appender } from './appender';
import { commitBatch } from './commit-batches';
import type { PartitionState } from './partition-state';

interface LostTail {
  readonly partition: number;
  /** The furthest position that this instance had seen. */
  readonly lostFrom: Position;
  /** Where the log ends now. */
  readonly head: Position;
  readonly nowMs: number;
  readonly newId: () => string;
}

/** Opens the next generation with `log.recovered`, so that whoever had seen further learns of it from the log. */
export async function recordRecovery<State>(appender: Appender, state: PartitionState<State>, lost: LostTail): Promise<void> {
  const event: AuditEvent = {
    type: 'log.recovered',
    v: eventContract('log.recovered')?.v ?? 1,
    subject: `partition/${lost.partition}`,
    project: SYSTEM_PROJECT,
    actor: `service:${state.service}`,
    correlationId: lost.newId(),
    data: { firstLostSeq: lost.head.seq + 1, seenPosition: formatPosition(lost.lostFrom), recoveredAtMs: lost.nowMs },
  };
  const text = JSON.stringify(event);
  const { entry, commands } = state.consumed;
  const batch = (epoch: number) =>
    commitBatch(
      [{ events: [text], bytes: Buffer.byteLength(text), entry, commands }],
      { service: state.service, epoch, recordedAtMs: lost.nowMs },
      state.consumed.seq,
      state.consumed,
    );
  const { first } = await appender.append(batch);
  state.committed(first, 1, state.consumed);
}
