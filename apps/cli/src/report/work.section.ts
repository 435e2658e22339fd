import type { ReportRun, ReportWork, ReportWorkBy, ReportWorkCounts } from '@torch/contracts';
import { byText, CountedRows } from './counted-rows';
import { type ReportEvent, shortened, textOf, wholeOf } from './report.event';

const NAME_CHARS_MAX = 200;

type Count = keyof ReportWorkCounts;
type CountBy = Exclude<keyof ReportWorkBy, 'actor'>;

/** What of the counts an event is, and which of them its actor is credited with. */
const COUNTED: Readonly<Record<string, (data: ReportEvent['data']) => { count?: Count; by?: CountBy }>> = {
  'run.submitted': () => ({ count: 'runsSubmitted', by: 'runsSubmitted' }),
  'run.cancel-requested': () => ({ by: 'cancelled' }),
  'run.ended': ({ status }) => ({ count: RUN_ENDS.get(String(status)) }),
  'task.submitted': () => ({ count: 'tasksSubmitted' }),
  'task.completed': () => ({ count: 'tasksCompleted', by: 'tasksCompleted' }),
  'task.failed': () => ({ count: 'tasksFailed' }),
  'task.dead-lettered': () => ({ count: 'tasksDeadLettered' }),
  'task.cancelled': () => ({ count: 'tasksCancelled', by: 'cancelled' }),
  'task.requeued': ({ reason }) => (reason === 'retry-asked' ? { count: 'tasksRetried', by: 'tasksRetried' } : { count: 'tasksRequeued' }),
  'task.attempt-failed': () => ({ count: 'attemptsFailed', by: 'attemptsFailed' }),
};

const RUN_ENDS: ReadonlyMap<string, Count> = new Map([
  ['completed', 'runsCompleted'],
  ['failed', 'runsFailed'],
  ['cancelled', 'runsCancelled'],
]);

/** What became of runs and tasks, and by whom. */
export class WorkSection {
  private readonly counts: ReportWorkCounts = {
    runsSubmitted: 0,
    runsCompleted: 0,
    runsFailed: 0,
    runsCancelled: 0,
    tasksSubmitted: 0,
    tasksCompleted: 0,
    tasksFailed: 0,
    tasksDeadLettered: 0,
    tasksCancelled: 0,
    tasksRetried: 0,
    tasksRequeued: 0,
    attemptsFailed: 0,
  };
  private readonly by: CountedRows<ReportWorkBy>;
  private readonly runs: CountedRows<ReportRun>;
  private runsMore = 0;

  constructor(rowsMax: number) {
    this.by = new CountedRows(rowsMax);
    this.runs = new CountedRows(rowsMax);
  }

  take(event: ReportEvent): void {
    const counted = Object.hasOwn(COUNTED, event.type) ? COUNTED[event.type]?.(event.data) : undefined;
    if (!counted) return;
    if (counted.count) this.counts[counted.count]++;
    if (counted.by) this.credit(event.actor, counted.by);
    if (event.type === 'run.submitted') this.submitted(event);
    if (event.type === 'run.ended') this.ended(event);
  }

  build(): ReportWork {
    return {
      counts: this.counts,
      by: this.by.sorted((a, b) => byText(a.actor, b.actor)),
      byMore: this.by.more,
      runs: this.runs.sorted((a, b) => (a.submittedAtMs ?? 0) - (b.submittedAtMs ?? 0)),
      runsMore: this.runsMore,
    };
  }

  private credit(actor: string, what: CountBy): void {
    const none = { runsSubmitted: 0, tasksCompleted: 0, attemptsFailed: 0, tasksRetried: 0, cancelled: 0 };
    const row = this.by.at(actor, () => ({ actor, ...none }));
    if (row) row[what]++;
  }

  private submitted({ data, actor, atMs }: ReportEvent): void {
    const row = this.rowOf(data);
    if (!row) {
      this.runsMore++;
      return;
    }
    const name = textOf(data.name);
    if (name !== undefined) row.name = shortened(name, NAME_CHARS_MAX);
    row.submittedBy = actor;
    row.submittedAtMs = atMs;
    row.tasks = wholeOf(data.tasks);
  }

  private ended({ data, atMs }: ReportEvent): void {
    const row = this.rowOf(data);
    if (!row) return; // Without a row it is counted since it was submitted.
    row.status = textOf(data.status);
    row.completed = wholeOf(data.completed);
    row.failed = wholeOf(data.failed);
    row.cancelled = wholeOf(data.cancelled);
    row.deadLettered = wholeOf(data.deadLettered);
    row.endedAtMs = atMs;
  }

  private rowOf(data: ReportEvent['data']): ReportRun | undefined {
    const runId = textOf(data.runId) ?? '(unknown)';
    return this.runs.at(runId, () => ({ runId }));
  }
}
