import { contractsOf } from '../contract';
import { AtMs, Flag, Id, ListOf, OneOf, Optional, Sensitive, Text, Whole } from '../field';
import { INBOX_MESSAGES_MAX, MESSAGE_CHARS_MAX } from './messaging.events';

export const DELIVERY_STATES = ['queued', 'dispatched', 'delivered', 'acked', 'dead-lettered'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One message as one recipient sees it. */
export class InboxEntry {
  @Id() messageId!: string;
  @Text({ min: 1, max: 256 }) from!: string;
  @Text({ min: 1, max: 256 }) to!: string;
  @Sensitive({ min: 1, max: MESSAGE_CHARS_MAX }) text!: string;
  @Optional() @Id() inReplyTo?: string;
  @OneOf(DELIVERY_STATES) state!: DeliveryState;
  @AtMs() sentAtMs!: number;
}

/** Oldest first; acknowledged messages are not in the inbox any more. */
export class GetInbox {
  @Id() recipient!: string;
  @Optional() @Whole({ min: 1, max: INBOX_MESSAGES_MAX }) limit?: number;
}

export class Inbox {
  @ListOf(() => InboxEntry, { max: INBOX_MESSAGES_MAX }) messages!: InboxEntry[];
}

export class GetMessage {
  @Id() messageId!: string;
}

export class Delivery {
  @Id() recipient!: string;
  @OneOf(DELIVERY_STATES) state!: DeliveryState;
}

export class MessageView {
  @Flag() found!: boolean;
  @Optional() @Text({ min: 1, max: 256 }) from?: string;
  @Optional() @Text({ min: 1, max: 256 }) to?: string;
  @Optional() @AtMs() sentAtMs?: number;
  @ListOf(() => Delivery, { max: 10_000 }) deliveries!: Delivery[];
}

const { query } = contractsOf('gateway');

export const messagingQueries = [query('GetInbox', GetInbox, Inbox), query('GetMessage', GetMessage, MessageView)] as const;
