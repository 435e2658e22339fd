import type { EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Text, Whole } from '../field';
import type { RetentionEvent } from './retention.events';

/**
 * The log lost a tail and goes on in the next generation. Whoever had seen `firstLostSeq` of an older generation, or
 * anything after it, rebuilds its state from the log.
 */
export class LogRecovered {
  @Whole({ min: 1 }) firstLostSeq!: number;
  /** The furthest position that anybody is known to have seen before the loss, `<seq>-<generation>`. */
  @Text({ min: 3, max: 41 }) seenPosition!: string;
  @AtMs() recoveredAtMs!: number;
}

/** A key that checkpoints of this partition are signed with from now on, for which no key before it vouches. */
export class NotaryKeyIntroduced {
  /** `<name>+<8 hex digits>+<base64(0x01 ‖ Ed25519 public key)>`, as C2SP hands on keys. */
  @Text({ min: 16, max: 512 }) vkey!: string;
  @AtMs() introducedAtMs!: number;
}

/** Another key took the place of the one before, which vouches for it. */
export class NotaryKeyRotated {
  @Text({ min: 16, max: 512 }) vkey!: string;
  /** `<name>+<8 hex digits>` of the key before. */
  @Text({ min: 10, max: 512 }) previousKey!: string;
  /** Of the key before, over the text `torch-notary-rotation\n<vkey>\ntime <rotatedAtMs>\n`: base64 of 64 bytes. */
  @Text({ min: 88, max: 88 }) signature!: string;
  @AtMs() rotatedAtMs!: number;
}

const { event } = contractsOf('audit');

export const auditEvents = [
  event('log.recovered', LogRecovered),
  event('notary.key-introduced', NotaryKeyIntroduced),
  event('notary.key-rotated', NotaryKeyRotated),
] as const;

export type AuditEvent =
  | EventEnvelope<'log.recovered', LogRecovered>
  | EventEnvelope<'notary.key-introduced', NotaryKeyIntroduced>
  | EventEnvelope<'notary.key-rotated', NotaryKeyRotated>
  | RetentionEvent;
