import type { EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Id, Ids, OneOf, Optional, Sensitive, Text } from '../field';
import { AccessGrant, AccessRefusal } from './access.events';

export const MESSAGE_CHARS_MAX = 16_384;
export const RECIPIENTS_MAX = 10_000;
/** Unacknowledged messages that one recipient may have. */
export const INBOX_MESSAGES_MAX = 1000;

/** Accepted and in the inbox of every recipient. */
export class MessageSent {
  @Id() messageId!: string;
  @Text({ min: 1, max: 256 }) from!: string;
  /** As it was addressed: an agent's id, `@<role>` or `@all`. */
  @Text({ min: 1, max: 256 }) to!: string;
  @Ids({ max: RECIPIENTS_MAX }) recipients!: string[];
  @Sensitive({ min: 1, max: MESSAGE_CHARS_MAX }) text!: string;
  @Optional() @Id() inReplyTo?: string;
  @AtMs() sentAtMs!: number;
  @AtMs() expiresAtMs!: number;
}

/** Written to the recipient's connection; nothing says yet that it arrived. */
export class MessageDispatched {
  @Id() messageId!: string;
  @Id() recipient!: string;
  @AtMs() dispatchedAtMs!: number;
}

/** The recipient said that it has it. */
export class MessageDelivered {
  @Id() messageId!: string;
  @Id() recipient!: string;
  @AtMs() deliveredAtMs!: number;
}

/** The recipient said that it has dealt with it. */
export class MessageAcked {
  @Id() messageId!: string;
  @Id() recipient!: string;
  @AtMs() ackedAtMs!: number;
}

export class MessageDeadLettered {
  @Id() messageId!: string;
  @Id() recipient!: string;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() deadLetteredAtMs!: number;
}

export const FENCED_STEPS = ['delivered', 'acked'] as const;
/** How far the recipient says that it has got: it holds the message, or has acted on it. */
export type FencedStep = (typeof FENCED_STEPS)[number];

/** A recipient reported on a message that the log does not know, because a lost tail had held it. */
export class MessageFenced {
  @Id() messageId!: string;
  @Id() recipient!: string;
  @OneOf(FENCED_STEPS) step!: FencedStep;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() fencedAtMs!: number;
}

const { event } = contractsOf('gateway');

export const messagingEvents = [
  event('message.sent', MessageSent),
  event('message.dispatched', MessageDispatched),
  event('message.delivered', MessageDelivered),
  event('message.acked', MessageAcked),
  event('message.dead-lettered', MessageDeadLettered),
  event('message.fenced', MessageFenced),
  event('access.granted', AccessGrant),
  event('access.refused', AccessRefusal),
] as const;

export type MessagingEvent =
  | EventEnvelope<'message.sent', MessageSent>
  | EventEnvelope<'message.dispatched', MessageDispatched>
  | EventEnvelope<'message.delivered', MessageDelivered>
  | EventEnvelope<'message.acked', MessageAcked>
  | EventEnvelope<'message.dead-lettered', MessageDeadLettered>
  | EventEnvelope<'message.fenced', MessageFenced>
  | EventEnvelope<'access.granted', AccessGrant>
  | EventEnvelope<'access.refused', AccessRefusal>;
