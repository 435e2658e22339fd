import type { EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Text, Whole } from '../field';

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

const { event } = contractsOf('audit');

export const auditEvents = [event('log.recovered', LogRecovered)] as const;

export type AuditEvent = EventEnvelope<'log.recovered', LogRecovered>;
