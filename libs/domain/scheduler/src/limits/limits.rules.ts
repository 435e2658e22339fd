import {
  type LimitCommand,
  LIMIT_FOR_ALL,
  type LimitScope,
  LIMITS_MAX,
  type LimitSetting,
  type RemoveLimit,
  type SetLimit,
} from '@torch/contracts';
import { canonicalJson, type NewEvent, Rejection } from '@torch/kernel';
import type { Rules } from '../rules';
import type { SchedulerState } from '../scheduler.state';
import { limitId } from './limits.state';

/** Set as it is, removed already, stopped already, not stopped: nothing to do, and that is fine. */
export const limitRules: Rules<LimitCommand> = {
  SetLimit: (state, { data }, { nowMs }) => setLimit(state, data, nowMs),
  RemoveLimit: (state, { data }, { nowMs }) => removeLimit(state, data, nowMs),
  StopWork: (state, { data }, { nowMs }) =>
    state.quotas.stopped ? [] : [{ type: 'work.stopped', subject: 'work', data: { reason: data.reason, stoppedAtMs: nowMs } }],
  ResumeWork: (state, _command, { nowMs }) =>
    state.quotas.stopped ? [{ type: 'work.resumed', subject: 'work', data: { resumedAtMs: nowMs } }] : [],
};

function setLimit({ quotas }: SchedulerState, data: SetLimit, nowMs: number): readonly NewEvent[] {
  refuseUnclear(data);
  const setting = settingOf(data);
  const id = limitId(data.scope, data.name);
  const before = quotas.settings.get(id);
  if (before && canonicalJson(before) === canonicalJson(setting)) return [];
  if (!before && quotas.settings.size >= LIMITS_MAX)
    throw new Rejection('too-many-limits', `The project has ${LIMITS_MAX} limits, which is the most: remove one first.`);
  return [{ type: 'limit.set', subject: `limit/${id}`, data: { ...setting, setAtMs: nowMs } }];
}

function removeLimit({ quotas }: SchedulerState, { scope, name }: RemoveLimit, nowMs: number): readonly NewEvent[] {
  const id = limitId(scope, name);
  if (!quotas.settings.has(id)) return [];
  return [{ type: 'limit.removed', subject: `limit/${id}`, data: { scope, name, removedAtMs: nowMs } }];
}

export function settingOf({ scope, name, concurrency, rate, queued, weight }: LimitSetting): LimitSetting {
  return {
    scope,
    name,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rate === undefined ? {} : { rate }),
    ...(queued === undefined ? {} : { queued }),
    ...(weight === undefined ? {} : { weight }),
  };
}

/** Roles and semaphores are names; no other text is ever one. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const NAMED: ReadonlySet<LimitScope> = new Set(['role', 'semaphore']);

function refuseUnclear({ scope, name, concurrency, rate, queued, weight }: SetLimit): void {
  const of = `The limit of ${scope} "${name}"`;
  if (scope === 'project' && name !== LIMIT_FOR_ALL)
    throw new Rejection('unclear-limit', `The limit of the project itself has the "name" "*", and not "${name}".`);
  if (NAMED.has(scope) && name !== LIMIT_FOR_ALL && !NAME.test(name))
    throw new Rejection('unclear-limit', `${of} limits nothing: "name" is "${name}", and no ${scope} can be called that.`);
  if (concurrency === undefined && rate === undefined && queued === undefined && weight === undefined)
    throw new Rejection('empty-limit', `${of} says nothing: give "concurrency", "rate", "queued" or "weight", or remove the limit.`);
  if (weight !== undefined && scope !== 'key')
    throw new Rejection('unclear-limit', `${of} has "weight" ${weight}: shares are those of fairness keys, so "scope" must be "key".`);
  if (queued !== undefined && scope === 'agent')
    throw new Rejection('unclear-limit', `${of} has "queued" ${queued}: tasks do not queue for one agent. Limit its role, or the project.`);
}
