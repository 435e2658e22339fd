import type { CloudEvent, RunAccepted } from '@torch/agent';
import type {
  ApprovalRequested,
  Plan,
  TaskAssigned,
  TaskAttemptFailed,
  TaskCancelled,
  TaskCompleted,
  TaskDeadLettered,
  TaskFailed,
  TaskProgressed,
  TaskRetryScheduled,
  TaskSkipped,
  TaskStatus,
  TaskView,
} from '@torch/contracts';

/** One task as somebody who watches its run sees it. */
export interface WatchedTask {
  readonly key: string;
  readonly title: string;
  status: TaskStatus;
  attempt: number;
  agentId?: string;
  /** Epoch ms at which the status was reached. */
  sinceMs: number;
  /** What the agent last said. */
  note?: string;
  percent?: number;
}

/** A step of one task, worth a line. */
export interface TaskStep {
  readonly task: Readonly<WatchedTask>;
  readonly atMs: number;
  /** What happened. */
  readonly what:
    'asks' | 'assigned' | 'started' | 'completed' | 'attempt-failed' | 'retry' | 'failed' | 'dead-lettered' | 'cancelled' | 'skipped';
  readonly detail?: string;
  readonly durationMs?: number;
}

export const ENDED: ReadonlySet<TaskStatus> = new Set(['completed', 'failed', 'dead-lettered', 'cancelled', 'skipped']);

/** The events that move a task on, and the one that ends a run. */
export const WATCHED_TYPES: readonly string[] = [
  'task.assigned',
  'task.started',
  'task.progressed',
  'task.completed',
  'task.attempt-failed',
  'task.retry-scheduled',
  'task.requeued',
  'task.failed',
  'task.dead-lettered',
  'task.cancelled',
  'task.skipped',
  'approval.requested',
  'approval.answered',
  'run.ended',
];

/** Where the tasks of one run stand, folded from the project's events. */
export class RunProgress {
  readonly tasks: ReadonlyMap<string, WatchedTask>;
  readonly startedAtMs: number;

  constructor(
    readonly runId: string,
    tasks: ReadonlyMap<string, WatchedTask>,
    /** Epoch ms; of a run that is replayed, the time that the replay has come to. */
    readonly nowMs: () => number = Date.now,
  ) {
    this.tasks = tasks;
    this.startedAtMs = nowMs();
  }

  /** Undefined when the event is of another run, came before, or changes nothing that is worth a line. */
  apply(event: CloudEvent): TaskStep | undefined {
    const { taskId } = event.data as { taskId?: string };
    const task = taskId === undefined ? undefined : this.tasks.get(taskId);
    if (!task || isOld(task, event)) return undefined;
    return step(task, event);
  }

  /** Takes over what a poll found; events that were missed are made up for. */
  catchUp(view: TaskView): TaskStep | undefined {
    const task = this.tasks.get(view.spec.taskId);
    if (!task || task.status === view.status) return undefined;
    const ended = ENDED.has(view.status);
    Object.assign(task, {
      status: view.status,
      attempt: view.attempt,
      agentId: view.agentId,
      sinceMs: view.endedAtMs ?? view.startedAtMs ?? Date.now(),
    });
    return ended
      ? { task: { ...task }, atMs: task.sinceMs, what: view.status as 'completed', detail: view.reason, durationMs: view.durationMs }
      : undefined;
  }

  count(...statuses: readonly TaskStatus[]): number {
    let found = 0;
    for (const { status } of this.tasks.values()) if (statuses.includes(status)) found++;
    return found;
  }
}

/** The tasks of a plan that was just accepted. */
export function watchedTasks(plan: Plan, { tasks }: RunAccepted): Map<string, WatchedTask> {
  const taskIds = new Map(tasks.map(({ key, taskId }) => [key, taskId]));
  const nowMs = Date.now();
  return new Map(
    plan.tasks.map(({ key, title = key, dependsOn = [], after = [] }) => [
      taskIds.get(key) ?? key,
      { key, title, status: dependsOn.length + after.length > 0 ? 'blocked' : 'ready', attempt: 0, sinceMs: nowMs },
    ]),
  );
}

/** A poll may have been ahead of the events: what led up to an end that is known says nothing new. */
function isOld(task: WatchedTask, { type, time }: CloudEvent): boolean {
  return ENDED.has(task.status) && !(type === 'task.requeued' && Date.parse(time) >= task.sinceMs);
}

function step(task: WatchedTask, { type, data, time }: CloudEvent): TaskStep | undefined {
  const atMs = Date.parse(time);
  const { to, said } = movesOf(task, atMs);
  switch (type) {
    case 'task.assigned': {
      const { attempt, agentId } = data as TaskAssigned;
      to('assigned', { attempt, agentId });
      return said('assigned');
    }
    case 'task.started':
      to('running');
      return said('started');
    case 'task.progressed': {
      const { note, percent } = data as TaskProgressed;
      Object.assign(task, { note, percent });
      return undefined;
    }
    case 'task.completed':
      to('completed');
      return said('completed', undefined, (data as TaskCompleted).durationMs);
    case 'task.attempt-failed': {
      const { message, durationMs } = data as TaskAttemptFailed;
      return said('attempt-failed', message, durationMs);
    }
    case 'task.retry-scheduled':
      to('backing-off');
      return said('retry', `again in ${Math.max(0, (data as TaskRetryScheduled).retryAtMs - atMs)} ms`);
    case 'task.requeued':
      to('ready');
      return undefined;
    case 'task.failed':
      to('failed');
      return said('failed', (data as TaskFailed).reason);
    case 'task.dead-lettered':
      to('dead-lettered');
      return said('dead-lettered', (data as TaskDeadLettered).reason);
    case 'task.cancelled':
      to('cancelled');
      return said('cancelled', (data as TaskCancelled).reason);
    case 'task.skipped':
      to('skipped');
      return said('skipped', (data as TaskSkipped).reason);
    case 'approval.requested': {
      const { attempt, question } = data as ApprovalRequested;
      if (attempt === undefined) to('awaiting-approval');
      return said('asks', question);
    }
    case 'approval.answered':
      if (task.status === 'awaiting-approval') to('ready');
      return undefined;
    default:
      return undefined;
  }
}

function movesOf(task: WatchedTask, atMs: number) {
  return {
    to(status: TaskStatus, fields: Partial<WatchedTask> = {}): void {
      Object.assign(task, { status, sinceMs: atMs, note: undefined, percent: undefined, ...fields });
    },
    said(what: TaskStep['what'], detail?: string, durationMs?: number): TaskStep {
      return { task: { ...task }, atMs, what, detail, durationMs };
    },
  };
}
