import { MESSAGE_TTL_MS_DEFAULT, type MessageDeadLettered, type MessageSent, type SendMessage } from '@torch/contracts';
import { type Actor, jsonBytes, type NewEvent, Rejection } from '@torch/kernel';
import { recipientsOf } from './address.rules';
import { messagesOpen, type MessagingLimits, type MessagingState } from './messaging.state';

interface Sending {
  readonly command: SendMessage;
  readonly sender: Actor;
  readonly nowMs: number;
}

/**
 * Into the inbox of every recipient, or refused. Where a message for many meets full inboxes, these recipients get a
 * dead letter and the others the message.
 */
export function sendMessage(state: MessagingState, { command, sender, nowMs }: Sending, limits: MessagingLimits): readonly NewEvent[] {
  const { messageId, to, text, inReplyTo, ttlMs = MESSAGE_TTL_MS_DEFAULT } = command;
  if (state.messages.has(messageId)) throw new Rejection('message-exists', `Message "${messageId}" was sent before.`);

  const recipients = recipientsOf(state, to, sender);
  const full = fullInboxes(state, recipients, to, limits);
  checkRoom(state, { recipients: recipients.length, chars: text.length }, limits);

  const sent: MessageSent = { messageId, from: sender, to, recipients: [], text, inReplyTo, sentAtMs: nowMs, expiresAtMs: nowMs + ttlMs };
  const subject = `message/${messageId}`;
  return [
    ...split(sent, recipients, limits).map((data) => ({ type: 'message.sent', subject, data })),
    ...full.map((recipient) => {
      const data: MessageDeadLettered = { messageId, recipient, reason: 'inbox-full', deadLetteredAtMs: nowMs };
      return { type: 'message.dead-lettered', subject, data };
    }),
  ];
}

function fullInboxes(state: MessagingState, recipients: readonly string[], to: string, limits: MessagingLimits): readonly string[] {
  const { inboxMessagesMax, fullInboxesMax, recipientsMax } = limits;
  if (recipients.length > recipientsMax) {
    throw new Rejection('too-many-recipients', `"${to}" are ${recipients.length} recipients; a message can have ${recipientsMax}.`);
  }
  const full = recipients.filter((recipient) => (state.inboxes.get(recipient)?.size ?? 0) >= inboxMessagesMax);
  if (full.length === recipients.length || full.length > fullInboxesMax) {
    throw new Rejection(
      'inbox-full',
      `Of ${recipients.length} inboxes of "${to}", ${full.length} hold ${inboxMessagesMax} messages that nobody acknowledged.`,
    );
  }
  return full;
}

function checkRoom(state: MessagingState, adds: { recipients: number; chars: number }, limits: MessagingLimits): void {
  const room = [
    { what: 'open messages', now: messagesOpen(state), adds: 1, max: limits.messagesOpenMax },
    { what: 'open deliveries', now: state.openDeliveries, adds: adds.recipients, max: limits.openDeliveriesMax },
    { what: 'characters in open messages', now: state.openChars, adds: adds.chars, max: limits.openCharsMax },
  ];
  for (const { what, now, adds, max } of room) {
    if (now + adds > max) throw new Rejection('too-many-messages', `The project has ${now} ${what}, and can have ${max}.`);
  }
}

/** One event takes as many recipients as fit; each further one repeats the message for the next. */
function split(message: MessageSent, recipients: readonly string[], limits: MessagingLimits): readonly MessageSent[] {
  const { sentEventBytesMax, sentBytesMax } = limits;
  const fixedBytes = jsonBytes(message);
  const parts: MessageSent[] = [];
  let bytes = Infinity;
  for (const recipient of recipients) {
    const added = jsonBytes(recipient) + 1;
    if (bytes + added > sentEventBytesMax) {
      parts.push({ ...message, recipients: [] });
      bytes = fixedBytes;
      if (bytes + added > sentEventBytesMax || parts.length * sentEventBytesMax > sentBytesMax) {
        throw new Rejection(
          'message-too-large',
          `Message "${message.messageId}" of ${fixedBytes} bytes for ${recipients.length} recipients is too large.`,
        );
      }
    }
    parts.at(-1)?.recipients.push(recipient);
    bytes += added;
  }
  return parts;
}
