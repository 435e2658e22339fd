import { type AuditReport, type ReportIntegrity, type ReportScope, SYSTEM_PROJECT } from '@torch/contracts';
import { AccessSection } from './access.section';
import { ActorsSection } from './actors.section';
import { ContinuitySection } from './continuity.section';
import { FactsSection, isFailure, startsWith } from './facts.section';
import type { ReportEvent } from './report.event';
import { verdictOf } from './verdict';
import { WorkSection } from './work.section';

/** Rows of one table, unless set otherwise. */
export const REPORT_ROWS_DEFAULT = 1000;

/** One commit of the period. */
export interface ReportCommit {
  readonly service: string;
  readonly epoch: number;
  readonly atMs: number;
  readonly position: string;
  readonly events: readonly ReportEvent[];
}

type Places = Pick<ReportScope, 'firstAtMs' | 'lastAtMs' | 'firstPosition' | 'lastPosition' | 'commits' | 'events' | 'prunedRecords'>;

export interface Surroundings {
  readonly generatedAtMs: number;
  readonly scope: Omit<ReportScope, keyof Places>;
  readonly integrity: Omit<ReportIntegrity, 'keyChanges'>;
  /** Why the reading ended before the end of the period; undefined when it did not. */
  readonly unread?: string;
}

/** Folds the commits of a period, in order, into a report. Memory depends on the number of rows, not on that of events. */
export class ReportBuilder {
  private readonly actors: ActorsSection;
  private readonly work: WorkSection;
  private readonly access: AccessSection;
  private readonly approvals: FactsSection;
  private readonly budgets: FactsSection;
  private readonly failures: FactsSection;
  private readonly retention: FactsSection;
  private readonly keyChanges: FactsSection;
  private readonly continuity: ContinuitySection;
  private readonly places: { -readonly [Name in keyof Places]: Places[Name] } = { commits: 0, events: 0, prunedRecords: 0 };

  constructor(
    private readonly project: string,
    rowsMax = REPORT_ROWS_DEFAULT,
  ) {
    this.actors = new ActorsSection(rowsMax);
    this.work = new WorkSection(rowsMax);
    this.access = new AccessSection(rowsMax);
    this.approvals = new FactsSection(startsWith('approval.'), rowsMax);
    this.budgets = new FactsSection(startsWith('budget.'), rowsMax);
    this.failures = new FactsSection(isFailure, rowsMax);
    this.retention = new FactsSection(startsWith('retention.', 'hold.', 'subject.', 'archive.'), rowsMax);
    this.keyChanges = new FactsSection(startsWith('notary.'), rowsMax);
    this.continuity = new ContinuitySection(rowsMax);
  }

  /** A commit of the project's partition. */
  take(commit: ReportCommit): void {
    const { atMs, position, events } = commit;
    this.places.firstAtMs = Math.min(this.places.firstAtMs ?? atMs, atMs);
    this.places.lastAtMs = Math.max(this.places.lastAtMs ?? atMs, atMs);
    this.places.firstPosition ??= position;
    this.places.lastPosition = position;
    this.places.commits++;
    this.continuity.takeCommit(commit);
    for (const event of events) {
      if (event.project === this.project) this.takeEvent(event);
      if (event.project === SYSTEM_PROJECT) this.continuity.takeOfSystem(event);
    }
    this.takeSystem(commit);
  }

  /** A commit of the partition that has the system's events; that of the project comes by `take` alone. */
  takeSystem({ events }: ReportCommit): void {
    for (const event of events) if (event.project === SYSTEM_PROJECT) this.takeSystemEvent(event);
  }

  /** A record of the project's partition that says nothing any more. */
  takePruned(): void {
    this.places.prunedRecords++;
  }

  /** What the archive itself says about its retention, in place of an event. */
  takeRetention(event: ReportEvent): void {
    this.retention.take(event);
  }

  build({ generatedAtMs, scope, integrity, unread }: Surroundings): AuditReport {
    const report = {
      format: 1,
      generatedAtMs,
      scope: { ...scope, ...this.places },
      actors: this.actors.build(),
      work: this.work.build(),
      access: this.access.build(),
      approvals: this.approvals.build(),
      budgets: this.budgets.build(),
      failures: this.failures.build(),
      continuity: this.continuity.build(),
      integrity: { ...integrity, keyChanges: this.keyChanges.build() },
      retention: this.retention.build(),
    };
    return { ...report, verdict: verdictOf(report, unread) };
  }

  private takeEvent(event: ReportEvent): void {
    this.places.events++;
    this.actors.take(event);
    this.work.take(event);
    this.access.take(event);
    this.approvals.take(event);
    this.budgets.take(event);
    this.failures.take(event);
    this.retention.take(event);
  }

  /** Of the system's events, those about other projects are no business of this report's reader. */
  private takeSystemEvent(event: ReportEvent): void {
    this.keyChanges.take(event);
    const { project = this.project } = event.data;
    if (project !== this.project || this.project === SYSTEM_PROJECT) return;
    this.access.takeOfSystem(event);
    this.retention.take(event);
  }
}
