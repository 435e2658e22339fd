import type { AnyCommand } from '@torch/kernel';
import { contractsOf } from '../contract';
import { ListOf, Optional, ProjectName, Text, Whole } from '../field';
import { ERASED_KEYS_MAX, SubjectKeyRef } from './retention.events';

export class PlaceHold {
  /** A project's name, or a data subject: `user:<name>`, `agent:<id>`. */
  @Text({ min: 1, max: 256 }) on!: string;
  @Text({ min: 1, max: 2000 }) reason!: string;
}

export class ReleaseHold {
  @Text({ min: 1, max: 256 }) on!: string;
  @Text({ min: 1, max: 2000 }) reason!: string;
}

export class SetRetention {
  @ProjectName() project!: string;
  /** Absent: for ever. */
  @Optional() @Whole({ min: 1, max: 36_500 }) days?: number;
}

/** From audit itself, once an archive was pruned. */
export class RecordRetentionApplied {
  @Whole() partition!: number;
  @Whole({ min: 1 }) segments!: number;
  @Whole({ min: 1 }) records!: number;
  @Whole({ min: 1 }) firstSeq!: number;
  @Whole({ min: 1 }) lastSeq!: number;
  @Whole() gzBytesBefore!: number;
  @Whole() gzBytesAfter!: number;
}

export class RequestErasure {
  @Text({ min: 1, max: 256 }) subject!: string;
  /** As they are kept now; none when none is. */
  @ListOf(() => SubjectKeyRef, { max: ERASED_KEYS_MAX }) keys!: SubjectKeyRef[];
  @Optional() @Text({ min: 1, max: 2000 }) reason?: string;
}

/** From the gateway, which keeps the keys: they are destroyed. */
export class ConfirmErasure {
  @Text({ min: 1, max: 256 }) subject!: string;
  @ListOf(() => SubjectKeyRef, { min: 1, max: ERASED_KEYS_MAX }) keys!: SubjectKeyRef[];
}

const { command } = contractsOf('audit');

/** All of them are decided in the system's project, so that a hold is known wherever something is to be erased. */
export const retentionCommands = [
  command('PlaceHold', PlaceHold),
  command('ReleaseHold', ReleaseHold),
  command('SetRetention', SetRetention),
  command('RecordRetentionApplied', RecordRetentionApplied),
  command('RequestErasure', RequestErasure),
  command('ConfirmErasure', ConfirmErasure),
] as const;

export type RetentionCommand =
  | AnyCommand<'PlaceHold', PlaceHold>
  | AnyCommand<'ReleaseHold', ReleaseHold>
  | AnyCommand<'SetRetention', SetRetention>
  | AnyCommand<'RecordRetentionApplied', RecordRetentionApplied>
  | AnyCommand<'RequestErasure', RequestErasure>
  | AnyCommand<'ConfirmErasure', ConfirmErasure>;
