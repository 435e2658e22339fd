import type { TaskAssigned, TaskSpec } from '@torch/contracts';
import { AGE_STEP_MS } from '../deciders';
import { type Account, endsTask, type SeenEvent, Violation } from './account';
import { asTakenInBy } from './retelling';

/** Tasks of another key of equal weight that may go before the next task of a key that waits: one, and one to round up, and slack of one. */
const TURNS_MAX = 3;

interface Waiting {
  readonly spec: TaskSpec;
  readonly key: string;
  readonly priority: number;
  readonly readyAtMs: number;
}

/** Tasks of a project on which nothing but order decides: no gate, no dependency, no limit. */
class Queue {
  readonly ready = new Map<string, Waiting>();
  private readonly known = new Map<string, Waiting>();

  take({ event }: SeenEvent): void {
    const { type, actor, data } = event;
    const { taskId, spec, submittedAtMs, requeuedAtMs, priority } = data as {
      taskId: string;
      spec: TaskSpec;
      submittedAtMs: number;
      requeuedAtMs: number;
      priority: number;
    };
    if (type === 'task.submitted') {
      if (!isPlain(spec)) return;
      this.put(spec.taskId, { spec, key: spec.fairnessKey ?? actor, priority: spec.priority, readyAtMs: submittedAtMs }, true);
      return;
    }
    const known = this.known.get(taskId);
    if (!known) return;
    if (type === 'task.assigned' || endsTask(event)) this.ready.delete(taskId);
    else if (type === 'task.requeued') this.put(taskId, { ...known, readyAtMs: requeuedAtMs }, true);
    else if (type === 'task.priority-changed') this.put(taskId, { ...known, priority }, this.ready.has(taskId));
  }

  /** The best level of what the rules treat as one: tasks of one class, key and priority age together. */
  levelOf({ spec, key, priority }: Waiting, nowMs: number): number {
    let sinceMs = nowMs;
    for (const other of this.ready.values())
      if (other.key === key && other.priority === priority && classOf(other.spec) === classOf(spec))
        sinceMs = Math.min(sinceMs, other.readyAtMs);
    return Math.max(0, priority - Math.floor((nowMs - sinceMs) / AGE_STEP_MS));
  }

  private put(taskId: string, waiting: Waiting, isReady: boolean): void {
    this.known.set(taskId, waiting);
    if (isReady) this.ready.set(taskId, waiting);
  }
}

const classOf = ({ role, skills }: TaskSpec): string => `${role} ${[...skills].sort().join(' ')}`;

const isPlain = (spec: TaskSpec): boolean =>
  spec.dependsOn.length === 0 &&
  [spec.after, spec.notBeforeMs, spec.approval, spec.semaphores, spec.claims, spec.estimate, spec.budget, spec.affinity, spec.labels].every(
    (option) => option === undefined,
  );

/** What makes a project's order depend on more than priority, age and keys. */
const GATED = new Set(['limit.set', 'budget.set', 'work.stopped', 'approval.requested']);

function eachPlainAssignment(account: Account, each: (queue: Queue, task: Waiting, seen: SeenEvent, data: TaskAssigned) => void): void {
  const gated = new Set(account.events.filter(({ event }) => GATED.has(event.type)).map(({ event }) => event.project));
  const queues = new Map<string, Queue>();
  for (const seen of asTakenInBy('scheduler', account)) {
    const { project, type } = seen.event;
    if (gated.has(project)) continue;
    const queue = queues.get(project) ?? new Queue();
    queues.set(project, queue);
    const data = seen.event.data as TaskAssigned;
    const task = type === 'task.assigned' ? queue.ready.get(data.taskId) : undefined;
    if (task) each(queue, task, seen, data);
    queue.take(seen);
  }
}

/** What has waited long enough to be on a better level is not passed over: each step of waiting is worth one level. */
export function waitingRaisesATaskUntilItsTurn(account: Account): void {
  eachPlainAssignment(account, (queue, task, seen, { assignedAtMs }) => {
    const level = queue.levelOf(task, assignedAtMs);
    for (const other of queue.ready.values()) {
      if (classOf(other.spec) !== classOf(task.spec) || queue.levelOf(other, assignedAtMs) >= level) continue;
      const waitedMs = assignedAtMs - other.readyAtMs;
      throw new Violation(`${other.spec.taskId} of priority ${other.priority} has waited ${waitedMs} ms and is passed over.`, seen);
    }
  });
}

/** A flood of one key delays the next task of another by a few tasks, however long the flood is. */
export function noKeyStarves(account: Account): void {
  const passedOver = new Map<string, number>();
  eachPlainAssignment(account, (queue, task, seen, { assignedAtMs }) => {
    const { project } = seen.event;
    const { role } = task.spec;
    for (const count of passedOver.keys()) if (count.startsWith(`${project} ${role} ${task.key} `)) passedOver.delete(count);
    const level = queue.levelOf(task, assignedAtMs);
    for (const key of new Set([...queue.ready.values()].map((other) => other.key))) {
      const next = [...queue.ready.values()].find(
        (other) => other.key === key && classOf(other.spec) === classOf(task.spec) && queue.levelOf(other, assignedAtMs) <= level,
      );
      const count = `${project} ${role} ${key} ${task.key}`;
      if (key === task.key || !next) continue;
      const turns = (passedOver.get(count) ?? 0) + 1;
      passedOver.set(count, turns);
      if (turns > TURNS_MAX) throw new Violation(`${next.spec.taskId} of key ${key} waits while key ${task.key} has ${turns} turns.`, seen);
    }
  });
}
