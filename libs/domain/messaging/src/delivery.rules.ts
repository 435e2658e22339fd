import type {
  AckMessage,
  ConfirmDelivered,
  DeliveryState,
  ExpireMessage,
  MessageAcked,
  MessageDeadLettered,
  MessageDelivered,
  MessageDispatched,
  RecordDispatched,
} from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { isFinal, type Message, type MessagingLimits, type MessagingState } from './messaging.state';

/** queued → dispatched. Whatever is further on stays there. */
export function recordDispatched(state: MessagingState, { messageId, recipient }: RecordDispatched, nowMs: number): readonly NewEvent[] {
  const { message, at } = delivery(state, messageId, recipient);
  const data: MessageDispatched = { messageId, recipient, dispatchedAtMs: nowMs };
  return at === 'queued' ? [about(message, 'message.dispatched', data)] : [];
}

/** queued or dispatched → delivered: the recipient itself says so, by whatever way it got the message. */
export function confirmDelivered(state: MessagingState, { messageId, recipient }: ConfirmDelivered, nowMs: number): readonly NewEvent[] {
  const { message, at } = delivery(state, messageId, recipient);
  refuseDeadLetter(message, recipient, at);
  return isDelivered(at) ? [] : [delivered(message, recipient, nowMs)];
}

/** → acked. Who has dealt with a message has it: where nothing said so before, it is delivered first. */
export function ackMessage(state: MessagingState, { messageId, recipient }: AckMessage, nowMs: number): readonly NewEvent[] {
  const { message, at } = delivery(state, messageId, recipient);
  refuseDeadLetter(message, recipient, at);
  if (at === 'acked') return [];
  const data: MessageAcked = { messageId, recipient, ackedAtMs: nowMs };
  return [...(isDelivered(at) ? [] : [delivered(message, recipient, nowMs)]), about(message, 'message.acked', data)];
}

/** Dead letters for all who have not acknowledged, `deadLettersMax` at a time. A message that has ended has nobody left. */
export function expireMessage(
  state: MessagingState,
  { messageId }: ExpireMessage,
  nowMs: number,
  limits: MessagingLimits,
): readonly NewEvent[] {
  const message = state.messages.get(messageId);
  if (!message || message.open === 0) return [];
  if (nowMs < message.expiresAtMs) throw new Rejection('message-not-expired', `Message "${messageId}" expires at ${message.expiresAtMs}.`);

  const events: NewEvent[] = [];
  for (const [recipient, at] of message.deliveries) {
    if (events.length === limits.deadLettersMax) break;
    const data: MessageDeadLettered = { messageId, recipient, reason: 'expired', deadLetteredAtMs: nowMs };
    if (!isFinal(at)) events.push(about(message, 'message.dead-lettered', data));
  }
  return events;
}

function delivered(message: Message, recipient: string, nowMs: number): NewEvent {
  const data: MessageDelivered = { messageId: message.messageId, recipient, deliveredAtMs: nowMs };
  return about(message, 'message.delivered', data);
}

const isDelivered = (at: DeliveryState): boolean => at === 'delivered' || at === 'acked';

function delivery(state: MessagingState, messageId: string, recipient: string): { message: Message; at: DeliveryState } {
  const message = state.messages.get(messageId);
  if (!message) throw new Rejection('unknown-message', `No message has the id "${messageId}", or it ended long ago.`);
  const at = message.deliveries.get(recipient);
  if (!at) throw new Rejection('not-a-recipient', `Message "${messageId}" was not sent to "${recipient}".`);
  return { message, at };
}

function refuseDeadLetter({ messageId }: Message, recipient: string, at: DeliveryState): void {
  if (at === 'dead-lettered') throw new Rejection('message-dead-lettered', `Message "${messageId}" is a dead letter for "${recipient}".`);
}

/** What happens to a message belongs to the work that it was sent for. */
function about({ messageId, correlationId, traceparent }: Message, type: string, data: object): NewEvent {
  return { type, subject: `message/${messageId}`, data, correlationId, ...(traceparent !== undefined && { traceparent }) };
}
