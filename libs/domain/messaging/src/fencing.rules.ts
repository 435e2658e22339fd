import type { MessageFenced, RecordFencedMessage } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import type { MessagingLimits, MessagingState } from './messaging.state';

/**
 * A recipient holds, or has acted on, a message that is not in the log. Nothing to say of a message that is, and once only of
 * each step.
 *
 * @throws Rejection `too-many-fenced` when the recipient has reported so many that they are recorded no more for a while.
 */
export function recordFencedMessage(
  state: MessagingState,
  { messageId, recipient, step }: RecordFencedMessage,
  nowMs: number,
  { fenced: { perReporterMax, windowMs } }: MessagingLimits,
): readonly NewEvent[] {
  if (state.messages.has(messageId)) return [];
  const verdict = state.fenced.judge(recipient, reportOf({ messageId, step }), nowMs);
  if (verdict === 'again') return [];
  if (verdict === 'too-many') {
    throw new Rejection(
      'too-many-fenced',
      `"${recipient}" has reported on ${perReporterMax} messages within ${windowMs} ms that the log does not know.`,
    );
  }
  const reason = `The log holds no message ${messageId}, or it ended long ago.`;
  const data: MessageFenced = { messageId, recipient, step, reason, fencedAtMs: nowMs };
  return [{ type: 'message.fenced', subject: `message/${messageId}`, data }];
}

export function messageFenced(state: MessagingState, fenced: MessageFenced): MessagingState {
  state.fenced.note(fenced.recipient, reportOf(fenced), fenced.fencedAtMs);
  return state;
}

const reportOf = ({ messageId, step }: Pick<MessageFenced, 'messageId' | 'step'>): string => `${step} ${messageId}`;
