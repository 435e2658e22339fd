import { type DeliveryState, INBOX_MESSAGES_MAX, RECIPIENTS_MAX } from '@torch/contracts';
import { MinHeap, RecentReports, type ReportLimits } from '@torch/kernel';

export interface MessagingLimits {
  /** Messages that one recipient may have neither acknowledged nor dead-lettered. */
  readonly inboxMessagesMax: number;
  /** Recipients of one message. */
  readonly recipientsMax: number;
  /** Full inboxes that a message to many may meet and still be sent; each of them costs a dead letter. */
  readonly fullInboxesMax: number;
  /** Messages of a project that are still open for at least one recipient, their text, and their open deliveries. */
  readonly messagesOpenMax: number;
  readonly openCharsMax: number;
  readonly openDeliveriesMax: number;
  /** Ended messages that are kept for questions, and the deliveries in them; the one that ended first goes first. */
  readonly messagesEndedMax: number;
  readonly endedDeliveriesMax: number;
  /** Lost agents that still have an inbox; the one that has been lost for longest is forgotten first. */
  readonly lostMembersMax: number;
  /** Data of one `message.sent`; further recipients go into further events of the same message. */
  readonly sentEventBytesMax: number;
  /** All `message.sent` of one message together. */
  readonly sentBytesMax: number;
  /** Dead letters that one expiry writes; the timer stays due until none is left to write. */
  readonly deadLettersMax: number;
  /** Recipients' reports on messages that the log does not know. */
  readonly fenced: ReportLimits;
}

export const MESSAGES_ENDED_MAX = 10_000;

export const MESSAGING_LIMITS: MessagingLimits = {
  inboxMessagesMax: INBOX_MESSAGES_MAX,
  recipientsMax: RECIPIENTS_MAX,
  fullInboxesMax: 500,
  messagesOpenMax: 100_000,
  openCharsMax: 64 * 1024 * 1024,
  openDeliveriesMax: 1_000_000,
  messagesEndedMax: MESSAGES_ENDED_MAX,
  endedDeliveriesMax: 200_000,
  lostMembersMax: 10_000,
  sentEventBytesMax: 60 * 1024,
  sentBytesMax: 512 * 1024,
  deadLettersMax: 1000,
  fenced: { perReporterMax: 100, windowMs: 3_600_000, reportersMax: 1000 },
};

export interface Message {
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  /** Empty once the message has ended: nobody can ask for it any more. */
  text: string;
  readonly inReplyTo?: string;
  readonly sentAtMs: number;
  readonly expiresAtMs: number;
  readonly correlationId: string;
  readonly traceparent?: string;
  /** By recipient, in the order in which `message.sent` names them. */
  readonly deliveries: Map<string, DeliveryState>;
  /** Deliveries that are neither acked nor dead-lettered. Derived. */
  open: number;
}

export interface Expiry {
  readonly atMs: number;
  readonly messageId: string;
}

export interface MessagingState {
  /** The role of every agent that has an inbox, by id. */
  readonly members: Map<string, string>;
  /** Members that are lost; the one that has been lost for longest comes first. */
  readonly lost: Set<string>;
  /** In order of sending. */
  readonly messages: Map<string, Message>;
  /** Messages without an open delivery, in order of ending. */
  readonly ended: Set<string>;
  /** What recipients reported of messages that are not here. */
  readonly fenced: RecentReports;
  /** Ids of members by role. Derived, as is everything below. */
  readonly roles: Map<string, Set<string>>;
  /** Ids of open messages by recipient, oldest first. */
  readonly inboxes: Map<string, Set<string>>;
  /** Holds every open message, and ended ones until somebody comes across them. */
  expiries: MinHeap<Expiry>;
  openDeliveries: number;
  openChars: number;
  endedDeliveries: number;
}

export function emptyMessaging(limits: MessagingLimits): MessagingState {
  return {
    members: new Map(),
    lost: new Set(),
    messages: new Map(),
    ended: new Set(),
    fenced: new RecentReports(limits.fenced),
    roles: new Map(),
    inboxes: new Map(),
    expiries: newExpiries(),
    openDeliveries: 0,
    openChars: 0,
    endedDeliveries: 0,
  };
}

export function newExpiries(): MinHeap<Expiry> {
  return new MinHeap((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.messageId < b.messageId));
}

/** Nothing can happen to the delivery any more. */
export const isFinal = (state: DeliveryState): boolean => state === 'acked' || state === 'dead-lettered';

export const messagesOpen = ({ messages, ended }: MessagingState): number => messages.size - ended.size;
