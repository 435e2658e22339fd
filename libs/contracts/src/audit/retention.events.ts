import type { EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Id, ListOf, Optional, ProjectName, Text, Whole } from '../field';

/** Keys of one principal that are destroyed together: one for each project. */
export const ERASED_KEYS_MAX = 1000;

/** Nothing of what it names is pruned or erased until it is released. */
export class HoldPlaced {
  /** A project's name, or a data subject: `user:<name>`, `agent:<id>`. */
  @Text({ min: 1, max: 256 }) on!: string;
  @Text({ min: 1, max: 2000 }) reason!: string;
  @AtMs() placedAtMs!: number;
}

export class HoldReleased {
  @Text({ min: 1, max: 256 }) on!: string;
  @Text({ min: 1, max: 2000 }) reason!: string;
  @AtMs() releasedAtMs!: number;
}

/** How long the archive keeps what a project's events say. */
export class RetentionSet {
  @ProjectName() project!: string;
  /** Absent: for ever. */
  @Optional() @Whole({ min: 1, max: 36_500 }) days?: number;
  @AtMs() setAtMs!: number;
}

/** What had expired was taken out of sealed segments of one partition's archive; its places in chain and tree are still there. */
export class RetentionApplied {
  @Whole() partition!: number;
  @Whole({ min: 1 }) segments!: number;
  @Whole({ min: 1 }) records!: number;
  /** The lowest and the highest seq that lost its content. */
  @Whole({ min: 1 }) firstSeq!: number;
  @Whole({ min: 1 }) lastSeq!: number;
  @Whole() gzBytesBefore!: number;
  @Whole() gzBytesAfter!: number;
  @AtMs() appliedAtMs!: number;
}

/** The key of one data subject in one project. */
export class SubjectKeyRef {
  @ProjectName() project!: string;
  @Id() keyId!: string;
}

/** These keys are to be destroyed: whoever keeps them does so, and confirms it. */
export class SubjectErasureRequested {
  @Text({ min: 1, max: 256 }) subject!: string;
  @ListOf(() => SubjectKeyRef, { min: 1, max: ERASED_KEYS_MAX }) keys!: SubjectKeyRef[];
  @Optional() @Text({ min: 1, max: 2000 }) reason?: string;
  @AtMs() requestedAtMs!: number;
}

/** The keys are destroyed: nobody can read any more what was sealed with them. */
export class SubjectErased {
  @Text({ min: 1, max: 256 }) subject!: string;
  @ListOf(() => SubjectKeyRef, { min: 1, max: ERASED_KEYS_MAX }) keys!: SubjectKeyRef[];
  @AtMs() erasedAtMs!: number;
}

const { event } = contractsOf('audit');

export const retentionEvents = [
  event('hold.placed', HoldPlaced),
  event('hold.released', HoldReleased),
  event('retention.set', RetentionSet),
  event('retention.applied', RetentionApplied),
  event('subject.erasure-requested', SubjectErasureRequested),
  event('subject.erased', SubjectErased),
] as const;

export type RetentionEvent =
  | EventEnvelope<'hold.placed', HoldPlaced>
  | EventEnvelope<'hold.released', HoldReleased>
  | EventEnvelope<'retention.set', RetentionSet>
  | EventEnvelope<'retention.applied', RetentionApplied>
  | EventEnvelope<'subject.erasure-requested', SubjectErasureRequested>
  | EventEnvelope<'subject.erased', SubjectErased>;
