import { LIMIT_FOR_ALL, type TaskSpec } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import type { SchedulerState, TaskState } from '../scheduler.state';
import type { Topic } from '../topics';
import { quotaKey } from './limits.gate';
import { countedFor, type LimitId, limitId, scopeAndName } from './limits.state';

export const limitsTopic: Topic = {
  attemptBegan: ({ quotas }, task, atMs) => {
    const { agentId = '' } = task;
    const ids = countedFor(task.spec, task.fairnessKey);
    quotas.count(ids, 'live', 1);
    if (quotas.settings.size === 0) return;
    for (const id of [limitId('project', LIMIT_FOR_ALL), ...ids, limitId('agent', agentId)]) quotas.buckets.start(id, atMs, quotas.rateOf);
  },
  attemptOver: (state, task) => {
    const ids = countedFor(task.spec, task.fairnessKey);
    state.quotas.count(ids, 'live', -1);
    if (state.quotas.settings.size > 0) wake(state, [limitId('project', LIMIT_FOR_ALL), ...ids, limitId('agent', task.agentId ?? '')]);
  },
  taskOpened: ({ quotas }, task) => quotas.count(countedOf(task), 'open', 1),
  taskEnded: ({ quotas }, task) => quotas.count(countedOf(task), 'open', -1),
  checkSubmitted: refuseUnknownSemaphore,
  checkRun: refuseFullQueues,
};

const countedOf = ({ spec, fairnessKey }: TaskState): readonly LimitId[] => countedFor(spec, fairnessKey);

function wake({ matching }: SchedulerState, ids: readonly LimitId[]): void {
  for (const id of ids) matching.wake(quotaKey(id));
}

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
    for (const id of countedFor(spec, spec.fairnessKey ?? actor)) added.set(id, (added.get(id) ?? 0) + 1);
  }
  for (const [id, count] of added) {
    const { scope, name } = scopeAndName(id);
    const queued = quotas.of(scope, name)?.queued;
    const open = scope === 'project' ? state.openTasks : quotas.countOf(scope, name).open;
    if (queued === undefined || open + count <= queued) continue;
    const what = scope === 'project' ? 'the project' : `${scope} ${name}`;
    throw new Rejection(
      'queue-full',
      `The run brings ${count} tasks of ${what}, which has ${open} open ones of ${queued}: submit it when some have ended, or raise "queued".`,
    );
  }
}
