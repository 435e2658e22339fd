import { LIMIT_FOR_ALL, type LimitList, type LimitSetting, type LimitView } from '@torch/contracts';
import { KeptRoom } from '../claims/claims.exports';
import type { SchedulerState, TaskState } from '../scheduler.state';
import { heldBy, inUse } from './limits.gate';
import { countedFor, type LimitId, limitId, scopeAndName } from './limits.state';

/**
 * By scope and name. A limit for all shows what is in use and waits under those names that have no limit of their own. `waiting`
 * counts a ready task under each limit that holds it back; a limit of an agent holds no task back, only the agent.
 */
export function listLimits(state: SchedulerState, nowMs: number): LimitList {
  const { settings, stopped } = state.quotas;
  const waiting = settings.size === 0 ? new Map<LimitId, number>() : heldReady(state, nowMs);
  const ids = [...settings.keys()].sort();
  const limits = ids.map((id) => viewOf(state, settings.get(id) as LimitSetting, waiting.get(id) ?? 0));
  return { limits, stopped: stopped !== undefined, ...(stopped ? { stopReason: stopped.reason } : {}) };
}

function viewOf(state: SchedulerState, setting: LimitSetting, waiting: number): LimitView {
  const { scope, name } = setting;
  if (name !== LIMIT_FOR_ALL || scope === 'project') return { ...setting, inUse: inUse(state, scope, name), waiting };
  const names = scope === 'agent' ? [...state.agents.keys()] : state.quotas.namesIn(scope);
  const others = names.filter((other) => !state.quotas.settings.has(limitId(scope, other)));
  return { ...setting, inUse: others.reduce((sum, other) => sum + inUse(state, scope, other), 0), waiting };
}

/** Asks once for each strand: its tasks count against the same limits. */
function heldReady(state: SchedulerState, nowMs: number): ReadonlyMap<LimitId, number> {
  const held = new Map<LimitId, number>();
  const isHeld = new Map<LimitId, boolean>();
  const kept = new KeptRoom(state, nowMs);
  const isKeptBack = (id: LimitId, task: TaskState): boolean => {
    const { scope, name } = scopeAndName(id);
    return scope === 'semaphore' && kept.holdIn(name, task) !== undefined;
  };
  for (const { demands } of state.matching.roles.values()) {
    for (const { queue } of demands.values()) {
      for (const { head, size } of queue.strands.values()) {
        for (const id of limitsOf(head)) {
          if (!isHeld.has(id)) isHeld.set(id, heldBy(state, id, { nowMs, taken: 0 }) !== undefined);
          const setAs = settingId(state, id);
          if (isHeld.get(id) || isKeptBack(id, head)) held.set(setAs, (held.get(setAs) ?? 0) + size);
        }
      }
    }
  }
  return held;
}

const limitsOf = (task: TaskState): readonly LimitId[] => [limitId('project', LIMIT_FOR_ALL), ...countedFor(task)];

function settingId({ quotas }: SchedulerState, id: LimitId): LimitId {
  return quotas.settings.has(id) ? id : limitId(scopeAndName(id).scope, LIMIT_FOR_ALL);
}
