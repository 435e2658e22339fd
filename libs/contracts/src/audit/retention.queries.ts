import { contractsOf } from '../contract';
import { AtMs, Flag, Id, ListOf, Optional, ProjectName, Text, Whole } from '../field';

/** What is kept how long, and what is held. */
export class GetRetention {}

export class RetentionRule {
  @ProjectName() project!: string;
  @Whole({ min: 1 }) days!: number;
}

export class Hold {
  @Text({ min: 1, max: 256 }) on!: string;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() placedAtMs!: number;
}

export class Erasure {
  @Text({ min: 1, max: 256 }) subject!: string;
  @AtMs() requestedAtMs!: number;
  /** Absent while its keys are not known to be destroyed. */
  @Optional() @AtMs() erasedAtMs?: number;
}

export class RetentionView {
  @ListOf(() => RetentionRule, { max: 100_000 }) rules!: RetentionRule[];
  @ListOf(() => Hold, { max: 10_000 }) holds!: Hold[];
  /** The latest ones. */
  @ListOf(() => Erasure, { max: 100_000 }) erasures!: Erasure[];
}

/**
 * Prunes the archive of the partition that is asked. Begins it when it is first asked under this id, and answers at once: ask
 * again, under the same id, until it is done.
 */
export class ApplyRetention {
  @Id() pruningId!: string;
  /** Only says what would be pruned. */
  @Flag() dryRun!: boolean;
}

export class PartitionPruned {
  @Whole() partition!: number;
  @Whole() segments!: number;
  @Whole() records!: number;
  @Whole() gzBytesBefore!: number;
  @Whole() gzBytesAfter!: number;
}

export class RetentionOutcome {
  @Flag() dryRun!: boolean;
  @Flag() done!: boolean;
  @ListOf(() => PartitionPruned, { max: 1024 }) partitions!: PartitionPruned[];
}

/** Forgets what the log server need not hold any more, as far as every guard allows it. */
export class TrimLog {
  /** The lowest seq that is to be left. */
  @Whole({ min: 1 }) belowSeq!: number;
}

export class LogTrimmed {
  @Whole() partition!: number;
  /** The oldest seq that is there now; absent when there is none. */
  @Optional() @Whole() firstSeq?: number;
  /** Why it was not trimmed further. */
  @Optional() @Text({ max: 500 }) heldBy?: string;
}

const { query } = contractsOf('audit');

export const retentionQueries = [
  query('GetRetention', GetRetention, RetentionView),
  query('ApplyRetention', ApplyRetention, RetentionOutcome),
  query('TrimLog', TrimLog, LogTrimmed),
] as const;
