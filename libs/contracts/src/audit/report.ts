import { AtMs, Describe, Flag, ListOf, Nested, OneOf, Optional, ProjectName, Text, Whole } from '../field';
import {
  REPORT_ROWS_MAX,
  REPORT_TEXT_CHARS_MAX,
  ReportActor,
  ReportFact,
  ReportGrant,
  ReportKey,
  ReportLease,
  ReportLeaseChange,
  ReportPartition,
  ReportRecovery,
  ReportRefusal,
  ReportRun,
  ReportTypeCount,
  ReportWorkBy,
  ReportWorkCounts,
} from './report-rows';

const Rows = (contract: () => new () => object): PropertyDecorator => ListOf(contract, { max: REPORT_ROWS_MAX });
const Word = (): PropertyDecorator => Text({ min: 1, max: 300 });
/** What is counted in the totals and has no row of its own. */
const More = (): PropertyDecorator => Whole();

export class ReportScope {
  @ProjectName() project!: string;
  @Describe('Where everything about the project is.') @Whole() partition!: number;
  @Whole({ min: 1 }) partitions!: number;
  @Describe('Id of the log that the archive belongs to.') @Word() logId!: string;
  @Describe('Absent: from the first record on.') @Optional() @AtMs() fromMs?: number;
  @Describe('Exclusive. Absent: to the last record.') @Optional() @AtMs() toMs?: number;
  @Describe('Recorded time of the first commit of the period.') @Optional() @AtMs() firstAtMs?: number;
  @Optional() @AtMs() lastAtMs?: number;
  @Optional() @Word() firstPosition?: string;
  @Optional() @Word() lastPosition?: string;
  @Describe("Commits of the period in the project's partition, of all projects.") @Whole() commits!: number;
  @Describe("The project's events in the period.") @Whole() events!: number;
  @Describe('Records whose content was removed by retention: what they said is not in this report.') @Whole() prunedRecords!: number;
}

export const FINDING_SEVERITIES = ['broken', 'attention', 'note'] as const;
export type FindingSeverity = (typeof FINDING_SEVERITIES)[number];

export class ReportFinding {
  @OneOf(FINDING_SEVERITIES) severity!: FindingSeverity;
  @Describe('Section of the report that has the details.') @Word() section!: string;
  @Text({ min: 1, max: REPORT_TEXT_CHARS_MAX }) text!: string;
}

export const REPORT_VERDICTS = ['clean', 'attention', 'broken'] as const;
export type ReportVerdictStatus = (typeof REPORT_VERDICTS)[number];

/** `broken`: the record does not hold, or could not be read. `attention`: somebody should look. */
export class ReportVerdict {
  @OneOf(REPORT_VERDICTS) status!: ReportVerdictStatus;
  @Rows(() => ReportFinding) findings!: ReportFinding[];
}

export class ReportActors {
  @Rows(() => ReportActor) rows!: ReportActor[];
  @Describe('Events of actors without a row.') @More() more!: number;
}

export class ReportWork {
  @Nested(() => ReportWorkCounts) counts!: ReportWorkCounts;
  @Rows(() => ReportWorkBy) by!: ReportWorkBy[];
  @Describe('Events of actors without a row.') @More() byMore!: number;
  @Rows(() => ReportRun) runs!: ReportRun[];
  @Describe('Further runs.') @More() runsMore!: number;
}

export class ReportGrants {
  @Rows(() => ReportGrant) rows!: ReportGrant[];
  @Describe('Further windows.') @More() more!: number;
}

export class ReportRefusals {
  @Describe('Refused requests, with and without a row.') @Whole() requests!: number;
  @Rows(() => ReportRefusal) rows!: ReportRefusal[];
  @Describe('Refused requests without a row.') @More() more!: number;
}

export class ReportAccess {
  @Nested(() => ReportGrants) granted!: ReportGrants;
  @Nested(() => ReportRefusals) refused!: ReportRefusals;
  @Describe('Refused requests that belong to no project: those without one, and those for projects that are not there.')
  @Nested(() => ReportRefusals)
  refusedWithoutProject!: ReportRefusals;
}

/** Events of certain types, counted and listed. */
export class ReportFacts {
  @Whole() events!: number;
  @Rows(() => ReportTypeCount) counts!: ReportTypeCount[];
  @Rows(() => ReportFact) rows!: ReportFact[];
  @Describe('Events without a row.') @More() more!: number;
}

export class ReportContinuity {
  @Rows(() => ReportRecovery) recoveries!: ReportRecovery[];
  @Describe('Further recoveries.') @More() recoveriesMore!: number;
  @Rows(() => ReportLease) leases!: ReportLease[];
  @Rows(() => ReportLeaseChange) leaseChanges!: ReportLeaseChange[];
  @Describe('Further changes.') @More() leaseChangesMore!: number;
}

export class ReportIntegrity {
  @Describe('The keys that checkpoints were verified with were given from outside of the archive.') @Flag() keysGiven!: boolean;
  @Rows(() => ReportPartition) partitions!: ReportPartition[];
  @Rows(() => ReportKey) keys!: ReportKey[];
  @Describe('Changes of keys, as the log has them.') @Nested(() => ReportFacts) keyChanges!: ReportFacts;
}

/** What an archive says about one project in one period. Times are epoch ms. */
export class AuditReport {
  @Whole({ min: 1, max: 1 }) format!: number;
  @AtMs() generatedAtMs!: number;
  @Nested(() => ReportScope) scope!: ReportScope;
  @Nested(() => ReportVerdict) verdict!: ReportVerdict;
  @Nested(() => ReportActors) actors!: ReportActors;
  @Nested(() => ReportWork) work!: ReportWork;
  @Nested(() => ReportAccess) access!: ReportAccess;
  @Nested(() => ReportFacts) approvals!: ReportFacts;
  @Nested(() => ReportFacts) budgets!: ReportFacts;
  @Nested(() => ReportFacts) failures!: ReportFacts;
  @Nested(() => ReportContinuity) continuity!: ReportContinuity;
  @Nested(() => ReportIntegrity) integrity!: ReportIntegrity;
  @Nested(() => ReportFacts) retention!: ReportFacts;
}
