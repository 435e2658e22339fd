import { type GetInbox, type GetMessage, type Inbox, INBOX_MESSAGES_MAX, type InboxEntry, type MessageView } from '@torch/contracts';
import type { MessagingState } from './messaging.state';

/** What `recipient` has neither acknowledged nor lost to a dead letter, oldest first. */
export function inbox(state: MessagingState, { recipient, limit = INBOX_MESSAGES_MAX }: GetInbox): Inbox {
  const messages: InboxEntry[] = [];
  for (const messageId of state.inboxes.get(recipient) ?? []) {
    if (messages.length === limit) break;
    const entry = inboxEntry(state, messageId, recipient);
    if (entry) messages.push(entry);
  }
  return { messages };
}

/** One message as `recipient` sees it; undefined when it is not, or no longer, in the inbox. */
export function inboxEntry(state: MessagingState, messageId: string, recipient: string): InboxEntry | undefined {
  const message = state.inboxes.get(recipient)?.has(messageId) ? state.messages.get(messageId) : undefined;
  const at = message?.deliveries.get(recipient);
  if (!message || !at) return undefined;
  const { from, to, text, inReplyTo, sentAtMs } = message;
  return { messageId, from, to, text, inReplyTo, state: at, sentAtMs };
}

export function messageView(state: MessagingState, { messageId }: GetMessage): MessageView {
  const message = state.messages.get(messageId);
  if (!message) return { found: false, deliveries: [] };
  const { from, to, sentAtMs } = message;
  return { found: true, from, to, sentAtMs, deliveries: [...message.deliveries].map(([recipient, at]) => ({ recipient, state: at })) };
}
