import { AtMs, Describe, Flag, ListOf, OneOf, Optional, Text, Whole } from '../field';

/** Rows of one table of a report; what is beyond is counted in `more`. */
export const REPORT_ROWS_MAX = 100_000;
/** Longest text of a report; longer ones are shortened. */
export const REPORT_TEXT_CHARS_MAX = 600;

/** Name, code, type, actor: short. */
const Word = (): PropertyDecorator => Text({ min: 1, max: 300 });
const Sentence = (): PropertyDecorator => Text({ max: REPORT_TEXT_CHARS_MAX });

export class ReportTypeCount {
  @Word() type!: string;
  @Whole() events!: number;
}

export const ACTOR_KINDS = ['person', 'agent', 'service'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

export class ReportActor {
  @Word() actor!: string;
  @OneOf(ACTOR_KINDS) kind!: ActorKind;
  @Whole() events!: number;
  @AtMs() firstAtMs!: number;
  @AtMs() lastAtMs!: number;
  @ListOf(() => ReportTypeCount, { max: REPORT_ROWS_MAX }) types!: ReportTypeCount[];
}

/** What became of runs and tasks, as events say it. */
export class ReportWorkCounts {
  @Whole() runsSubmitted!: number;
  @Whole() runsCompleted!: number;
  @Whole() runsFailed!: number;
  @Whole() runsCancelled!: number;
  @Whole() tasksSubmitted!: number;
  @Whole() tasksCompleted!: number;
  @Whole() tasksFailed!: number;
  @Whole() tasksDeadLettered!: number;
  @Whole() tasksCancelled!: number;
  @Describe('Retries that somebody asked for.') @Whole() tasksRetried!: number;
  @Describe('Retries after a back-off.') @Whole() tasksRequeued!: number;
  @Whole() attemptsFailed!: number;
}

export class ReportWorkBy {
  @Word() actor!: string;
  @Whole() runsSubmitted!: number;
  @Whole() tasksCompleted!: number;
  @Whole() attemptsFailed!: number;
  @Whole() tasksRetried!: number;
  @Describe('Runs and tasks.') @Whole() cancelled!: number;
}

export class ReportRun {
  @Word() runId!: string;
  @Optional() @Sentence() name?: string;
  @Describe('Absent when the run was submitted before the period.') @Optional() @Word() submittedBy?: string;
  @Optional() @AtMs() submittedAtMs?: number;
  @Optional() @Whole() tasks?: number;
  @Describe('Absent when the run was still going on at the end of the period.') @Optional() @Word() status?: string;
  @Optional() @Whole() completed?: number;
  @Optional() @Whole() failed?: number;
  @Optional() @Whole() cancelled?: number;
  @Optional() @Whole() deadLettered?: number;
  @Optional() @AtMs() endedAtMs?: number;
}

export class ReportGrant {
  @Word() caller!: string;
  @Word() access!: string;
  @Describe('Windows in which there was such access.') @Whole() windows!: number;
  @AtMs() firstAtMs!: number;
  @Describe('Beginning of the last window with such access.') @AtMs() lastAtMs!: number;
  @Optional() @Word() network?: string;
}

export class ReportRefusal {
  @Describe('Absent when no token proved anybody.') @Optional() @Word() caller?: string;
  @Word() method!: string;
  @Word() route!: string;
  @Word() code!: string;
  @Whole() count!: number;
  @AtMs() firstAtMs!: number;
  @AtMs() lastAtMs!: number;
  @Optional() @Word() network?: string;
  @Describe('What the first of them was told.') @Sentence() detail!: string;
}

/** One event as it is listed. */
export class ReportFact {
  @AtMs() atMs!: number;
  @Word() type!: string;
  @Word() subject!: string;
  @Word() actor!: string;
  @Sentence() detail!: string;
  @Word() position!: string;
}

export class ReportRecovery {
  @Word() position!: string;
  @AtMs() atMs!: number;
  @Describe('The first seq that was lost. Nothing was, when it is beyond the position that was seen.') @Whole() firstLostSeq!: number;
  @Word() seenPosition!: string;
  @Describe('Commits that somebody had seen and that are gone.') @Whole() commitsLost!: number;
}

export class ReportLease {
  @Word() service!: string;
  @Whole() firstEpoch!: number;
  @Whole() lastEpoch!: number;
  @Describe('How often the right to decide changed hands.') @Whole() changes!: number;
  @Whole() commits!: number;
}

export class ReportLeaseChange {
  @AtMs() atMs!: number;
  @Word() service!: string;
  @Whole() fromEpoch!: number;
  @Whole() toEpoch!: number;
  @Describe('The first commit of the new epoch.') @Word() position!: string;
}

export class ReportPartition {
  @Whole() partition!: number;
  @Describe('What was verified is whole and unchanged.') @Flag() ok!: boolean;
  @Whole() records!: number;
  @Describe('Records whose content was removed by retention; chain and tree still hold.') @Whole() pruned!: number;
  @Describe('Sound, but not covered by a signed checkpoint yet.') @Whole() unsigned!: number;
  @Describe('Signed checkpoints whose signature, chain and tree were verified.') @Whole() checkpoints!: number;
  @Optional() @Word() lastPosition?: string;
  @Optional() @Word() badPosition?: string;
  @Optional() @Sentence() problem?: string;
}

export class ReportKey {
  @Word() name!: string;
  @Describe('First bytes of the hash of name and public key, in hex.') @Word() keyId!: string;
}
