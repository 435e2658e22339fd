import { LIMIT_FOR_ALL, type LimitEvent, type LimitScope, type LimitSetting, type RateLimit } from '@torch/contracts';
import type { Facts } from '../rules';
import type { SchedulerState } from '../scheduler.state';
import { quotaKey, STOPPED_KEY } from './limits.gate';
import { settingOf } from './limits.rules';
import { limitId } from './limits.state';
import { noteFull } from './semaphores';

export const limitFacts: Facts<LimitEvent> = {
  'limit.set': (state, { data }) => change(state, { ...data, to: settingOf(data), atMs: data.setAtMs }),
  'limit.removed': (state, { data }) => change(state, { ...data, to: undefined, atMs: data.removedAtMs }),
  'work.stopped': ({ quotas }, { data: { reason, stoppedAtMs } }) => {
    quotas.stopped = { reason, stoppedAtMs };
  },
  'work.resumed': ({ quotas, matching }) => {
    quotas.stopped = undefined;
    matching.wake(STOPPED_KEY);
  },
};

interface Change {
  readonly scope: LimitScope;
  readonly name: string;
  readonly to: LimitSetting | undefined;
  readonly atMs: number;
}

/** Starts that were left stay left, by the rate that holds from now on; what the limit has held back is looked at again. */
function change(state: SchedulerState, { scope, name, to, atMs }: Change): void {
  const { quotas, matching } = state;
  const names = name === LIMIT_FOR_ALL && scope !== 'project' ? namesIn(state, scope) : [name];
  const ids = names.map((each) => limitId(scope, each));
  const before = new Map<string, RateLimit | undefined>(ids.map((id) => [id, quotas.rateOf(id)]));
  if (to) quotas.settings.set(limitId(scope, name), to);
  else quotas.settings.delete(limitId(scope, name));
  for (const id of ids) {
    quotas.buckets.convert(id, before.get(id), quotas.rateOf(id), atMs);
    matching.wake(quotaKey(id));
  }
  if (scope === 'semaphore') noteFull(state, names, atMs);
}

function namesIn({ quotas, agents }: SchedulerState, scope: LimitScope): readonly string[] {
  const names = quotas.namesIn(scope);
  return scope === 'agent' ? [...new Set([...names, ...agents.keys()])].sort() : names;
}
