import type { AnyCommand } from '@torch/kernel';
import { contractsOf } from '../contract';
import { Id, OneOf, Optional, Sensitive, Text, Whole } from '../field';
import { AccessGrant, AccessRefusal } from './access.events';
import { FENCED_STEPS, type FencedStep, MESSAGE_CHARS_MAX } from './messaging.events';

export const MESSAGE_TTL_MS_DEFAULT = 24 * 3_600_000;

export class SendMessage {
  @Id() messageId!: string;
  /** An agent's id, `@<role>`, `@all`, or `operator`, the inbox of the people who run the project. */
  @Text({ min: 1, max: 256 }) to!: string;
  @Sensitive({ min: 1, max: MESSAGE_CHARS_MAX }) text!: string;
  @Optional() @Id() inReplyTo?: string;
  @Optional() @Whole({ min: 1000, max: 30 * 24 * 3_600_000 }) ttlMs?: number;
}

export class RecordDispatched {
  @Id() messageId!: string;
  @Id() recipient!: string;
}

export class ConfirmDelivered {
  @Id() messageId!: string;
  @Id() recipient!: string;
}

export class AckMessage {
  @Id() messageId!: string;
  @Id() recipient!: string;
}

/** From messaging's own timer. */
export class ExpireMessage {
  @Id() messageId!: string;
}

/** From the gateway: the recipient's report was refused, since the log does not know the message. */
export class RecordFencedMessage {
  @Id() messageId!: string;
  @Id() recipient!: string;
  @OneOf(FENCED_STEPS) step!: FencedStep;
}

const { command } = contractsOf('gateway');

export const messagingCommands = [
  command('SendMessage', SendMessage),
  command('RecordDispatched', RecordDispatched),
  command('ConfirmDelivered', ConfirmDelivered),
  command('AckMessage', AckMessage),
  command('ExpireMessage', ExpireMessage),
  command('RecordFencedMessage', RecordFencedMessage),
  // From the gateway's edge itself: the events hold what these say.
  command('RecordGrant', AccessGrant),
  command('RecordRefusal', AccessRefusal),
] as const;

export type MessagingCommand =
  | AnyCommand<'SendMessage', SendMessage>
  | AnyCommand<'RecordDispatched', RecordDispatched>
  | AnyCommand<'ConfirmDelivered', ConfirmDelivered>
  | AnyCommand<'AckMessage', AckMessage>
  | AnyCommand<'ExpireMessage', ExpireMessage>
  | AnyCommand<'RecordFencedMessage', RecordFencedMessage>
  | AnyCommand<'RecordGrant', AccessGrant>
  | AnyCommand<'RecordRefusal', AccessRefusal>;
