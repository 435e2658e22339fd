import type { DeliveryState, MessageSent } from '@torch/contracts';
import type { EventEnvelope } from '@torch/kernel';
import { isFinal, type Message, messagesOpen, type MessagingLimits, type MessagingState, newExpiries } from './messaging.state';

/** Ended messages that the heap may hold for each open one, and besides, before it is built anew. */
const STALE_EXPIRIES = { perOpen: 2, besides: 1024 };

export function messageSent(
  state: MessagingState,
  { data, correlationId, traceparent }: EventEnvelope<'message.sent', MessageSent>,
): MessagingState {
  const { recipients, ...fields } = data;
  const message =
    state.messages.get(data.messageId) ?? addMessage(state, { ...fields, correlationId, traceparent, deliveries: new Map(), open: 0 });
  for (const recipient of recipients) openDelivery(state, message, recipient, 'queued');
  return state;
}

/** Also how a snapshot is read back: everything derived follows from the messages and their deliveries. */
export function addMessage(state: MessagingState, message: Message): Message {
  state.messages.set(message.messageId, message);
  state.openChars += message.text.length;
  state.expiries.push({ atMs: message.expiresAtMs, messageId: message.messageId });
  return message;
}

export function openDelivery(state: MessagingState, message: Message, recipient: string, at: DeliveryState): void {
  message.deliveries.set(recipient, at);
  if (isFinal(at)) return;
  message.open++;
  state.openDeliveries++;
  const inbox = state.inboxes.get(recipient);
  if (inbox) inbox.add(message.messageId);
  else state.inboxes.set(recipient, new Set([message.messageId]));
}

export interface Delivered {
  readonly messageId: string;
  readonly recipient: string;
}

export function deliveryMoved(
  state: MessagingState,
  { messageId, recipient }: Delivered,
  to: DeliveryState,
  limits: MessagingLimits,
): MessagingState {
  const message = state.messages.get(messageId);
  const from = message?.deliveries.get(recipient);
  if (!message || !from || isFinal(from)) return state;
  message.deliveries.set(recipient, to);
  if (!isFinal(to)) return state;

  message.open--;
  state.openDeliveries--;
  const inbox = state.inboxes.get(recipient);
  inbox?.delete(messageId);
  if (inbox?.size === 0) state.inboxes.delete(recipient);
  if (message.open === 0) endMessage(state, message, limits);
  return state;
}

function endMessage(state: MessagingState, message: Message, limits: MessagingLimits): void {
  state.openChars -= message.text.length;
  message.text = '';
  state.ended.add(message.messageId);
  state.endedDeliveries += message.deliveries.size;
  for (const oldest of state.ended) {
    if (state.ended.size <= limits.messagesEndedMax && state.endedDeliveries <= limits.endedDeliveriesMax) break;
    state.endedDeliveries -= state.messages.get(oldest)?.deliveries.size ?? 0;
    state.messages.delete(oldest);
    state.ended.delete(oldest);
  }
  if (state.expiries.size > STALE_EXPIRIES.perOpen * messagesOpen(state) + STALE_EXPIRIES.besides) rebuildExpiries(state);
}

function rebuildExpiries(state: MessagingState): void {
  state.expiries = newExpiries();
  for (const { messageId, expiresAtMs, open } of state.messages.values()) {
    if (open > 0) state.expiries.push({ atMs: expiresAtMs, messageId });
  }
}
