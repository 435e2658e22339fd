import type { ReportFact, ReportFacts } from '@torch/contracts';
import { countsOf } from './actors.section';
import { CountedRows } from './counted-rows';
import { detailOf, type ReportEvent } from './report.event';

/** Types that are counted apart in one section; there are fewer. */
const TYPES_MAX = 500;

/** Events of certain types: all of them counted, as many as there is room for listed. */
export class FactsSection {
  private events = 0;
  private readonly counts = new Map<string, number>();
  private readonly rows: CountedRows<ReportFact>;

  constructor(
    private readonly wants: (event: ReportEvent) => boolean,
    rowsMax: number,
  ) {
    this.rows = new CountedRows(rowsMax);
  }

  take(event: ReportEvent): void {
    if (!this.wants(event)) return;
    const { type, subject, actor, atMs, position } = event;
    const name = this.counts.has(type) || this.counts.size < TYPES_MAX ? type : '(other types)';
    this.events++;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this.rows.add({ atMs, type, subject, actor, detail: detailOf(event), position });
  }

  build(): ReportFacts {
    const rows = this.rows.sorted((a, b) => a.atMs - b.atMs);
    return { events: this.events, counts: countsOf(this.counts), rows, more: this.rows.more };
  }
}

export const startsWith =
  (...prefixes: readonly string[]) =>
  ({ type }: ReportEvent): boolean =>
    prefixes.some((prefix) => type.startsWith(prefix));

const FAILURES: readonly string[] = [
  'agent.suspected',
  'agent.lost',
  'agent.recovered',
  'agent.quarantined',
  'agent.quarantine-released',
  'incident.recorded',
  'project.quarantined',
  'project.release-requested',
  'project.released',
  'attempt.fenced',
  'process.fenced',
  'task.attempt-failed',
  'task.failed',
  'task.dead-lettered',
  'task.result-ignored',
  'message.dead-lettered',
  'message.fenced',
];

/** What went wrong and what was done about it. An agent that ends since it was asked to is neither. */
export const isFailure = ({ type, data }: ReportEvent): boolean =>
  FAILURES.includes(type) || (type === 'agent.exited' && data.crashed === true);
