import type { AnyCommand } from '@torch/kernel';
import { contractsOf } from '../contract';
import { Id, Optional, Text, Whole } from '../field';
import { MESSAGE_CHARS_MAX } from './messaging.events';

export const MESSAGE_TTL_MS_DEFAULT = 24 * 3_600_000;

export class SendMessage {
  @Id() messageId!: string;
  /** An agent's id, `@<role>`, `@all`, or `operator`, the inbox of the people who run the project. */
  @Text({ min: 1, max: 256 }) to!: string;
  @Text({ min: 1, max: MESSAGE_CHARS_MAX }) text!: string;
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

const { command } = contractsOf('gateway');

export const messagingCommands = [
  command('SendMessage', SendMessage),
  command('RecordDispatched', RecordDispatched),
  command('ConfirmDelivered', ConfirmDelivered),
  command('AckMessage', AckMessage),
  command('ExpireMessage', ExpireMessage),
] as const;

export type MessagingCommand =
  | AnyCommand<'SendMessage', SendMessage>
  | AnyCommand<'RecordDispatched', RecordDispatched>
  | AnyCommand<'ConfirmDelivered', ConfirmDelivered>
  | AnyCommand<'AckMessage', AckMessage>
  | AnyCommand<'ExpireMessage', ExpireMessage>;
