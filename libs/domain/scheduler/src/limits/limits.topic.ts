import { LIMIT_FOR_ALL, type LimitScope, type TaskSpec } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import type { SchedulerState, TaskState } from '../scheduler.state';
import type { Topic } from '../topics';
import { quotaKey } from './limits.gate';
import { countedFor, type LimitId, limitId, scopeAndName } from './limits.state';
import { noteFull } from './semaphores';

export const limitsTopic: Topic = {
  attemptBegan: (state, task, atMs) => {
    const { quotas } = state;
    quotas.count(task, 'live', 1);
    if (quotas.settings.size === 0) return;
    for (const id of limitsOf(task)) quotas.buckets.start(id, atMs, quotas.rateOf);
    noteFull(state, task.spec.semaphores ?? [], atMs);
  },
  attemptOver: ({ quotas, matching }, task) => {
    quotas.count(task, 'live', -1);
    if (quotas.settings.size > 0) for (const id of limitsOf(task)) matching.wake(quotaKey(id));
  },
  taskOpened: ({ quotas }, task) => quotas.count(task, 'open', 1),
  taskEnded: ({ quotas }, task) => quotas.count(task, 'open', -1),
  checkSubmitted: refuseUnknownSemaphore,
  checkRun: refuseFullQueues,
};

/** What the task's attempt counts against. */
const limitsOf = (task: TaskState): readonly LimitId[] => [
  limitId('project', LIMIT_FOR_ALL),
  ...countedFor(task),
  limitId('agent', task.agentId ?? ''),
];

function refuseUnknownSemaphore({ quotas }: SchedulerState, { key, semaphores = [] }: TaskSpec): void {
  const unknown = semaphores.find((name) => !quotas.of('semaphore', name));
  if (unknown === undefined) return;
  throw new Rejection(
    'unknown-semaphore',
    `Task "${key}" names "${unknown}" in "semaphores", and no limit of the project has that name: set one of scope "semaphore" first.`,
  );
}

function refuseFullQueues(state: SchedulerState, specs: readonly TaskSpec[], actor: string): void {
  const { quotas } = state;
  if (quotas.settings.size === 0) return;
  const added = new Map<LimitId, number>([[limitId('project', LIMIT_FOR_ALL), specs.length]]);
  for (const spec of specs) {
    for (const id of countedFor({ spec, fairnessKey: spec.fairnessKey ?? actor })) added.set(id, (added.get(id) ?? 0) + 1);
  }
  for (const [id, count] of added) {
    const { scope, name } = scopeAndName(id);
    const queued = quotas.of(scope, name)?.queued;
    const open = openOf(state, scope, name);
    if (queued === undefined || open + count <= queued) continue;
    const what = scope === 'project' ? 'the project' : `${scope} ${name}`;
    throw new Rejection(
      'open-tasks-limit',
      `The run brings ${count} tasks of ${what}, which has ${open} open ones of ${queued}: submit it when some have ended, or raise "queued".`,
    );
  }
}

/** Open tasks that count against the limit; they do not queue for an agent. */
function openOf({ quotas, openTasks }: SchedulerState, scope: LimitScope, name: string): number {
  if (scope === 'agent') return 0;
  return scope === 'project' ? openTasks : quotas.countOf(scope, name).open;
}
