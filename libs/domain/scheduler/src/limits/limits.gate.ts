import { LIMIT_FOR_ALL, type LimitScope } from '@torch/contracts';
import type { Gate, GateRound, Hold } from '../gates/gate';
import type { AgentState, SchedulerState, TaskState } from '../scheduler.state';
import { countedFor, distinct, type LimitId, limitId, scopeAndName } from './limits.state';

export const STOPPED_KEY = 'stopped';
/** What everything that the limit holds is parked on. */
export const quotaKey = (id: LimitId): string => `limit/${id}`;
const PROJECT: LimitId = limitId('project', LIMIT_FOR_ALL);

const nothing = (): undefined => undefined;

export const stopGate: Gate = {
  gateKey: () => '',
  round: ({ quotas: { stopped } }) => {
    if (!stopped) return { hold: nothing, holdAt: nothing, take: nothing };
    const message = `Work of the project is stopped: ${stopped.reason}`;
    return { hold: () => ({ reason: 'stopped', key: STOPPED_KEY, message, forAll: true }), holdAt: nothing, take: nothing };
  },
};

/**
 * Concurrency and rates by project, role, key, semaphore and agent. A task needs room in all of them at once, and takes it in all of
 * them at once: nobody holds a part and waits for the rest.
 */
export const quotaGate: Gate = {
  gateKey: ({ spec: { semaphores } }) => (semaphores && semaphores.length > 0 ? [...distinct(semaphores)].sort().join(' ') : ''),
  round: (state, nowMs) => new QuotaRound(state, nowMs),
};

/** Live attempts that count against the limit. */
export function inUse({ quotas, agents, live }: SchedulerState, scope: LimitScope, name: string): number {
  if (scope === 'project') return live.size;
  return scope === 'agent' ? (agents.get(name)?.live.size ?? 0) : quotas.countOf(scope, name).live;
}

export interface CountedBefore {
  readonly nowMs: number;
  /** Others that come before it, and that the state does not show yet. */
  readonly taken: number;
}

/** What keeps the next one back that counts against the limit. */
export function heldBy(state: SchedulerState, id: LimitId, { nowMs, taken }: CountedBefore): Hold | undefined {
  const { scope, name } = scopeAndName(id);
  const limit = state.quotas.of(scope, name);
  if (!limit) return undefined;
  const key = quotaKey(id);
  const used = inUse(state, scope, name) + taken;
  if (limit.concurrency !== undefined && used >= limit.concurrency) {
    const message = `${titleOf(id)} has ${used} of ${limit.concurrency} attempts in flight.`;
    return { reason: 'limit', key, message, forAll: true, ...(limit.concurrency > 0 && { passes: true }) };
  }
  if (!limit.rate) return undefined;
  const untilMs = state.quotas.buckets.nextStartMs(id, limit.rate, { nowMs, taken });
  if (untilMs <= nowMs) return undefined;
  const rate = `${limit.rate.tasks} starts in ${limit.rate.perMs} ms`;
  return {
    reason: 'rate',
    key,
    message: `${titleOf(id)} has its ${rate}: the next is at ${untilMs}.`,
    untilMs,
    forAll: true,
    passes: true,
  };
}

function titleOf(id: LimitId): string {
  const { scope, name } = scopeAndName(id);
  return scope === 'project' ? 'The project' : `${scope[0]?.toUpperCase()}${scope.slice(1)} ${name}`;
}

class QuotaRound implements GateRound {
  private readonly taken = new Map<LimitId, number>();
  private readonly isIdle: boolean;

  constructor(
    private readonly state: SchedulerState,
    private readonly nowMs: number,
  ) {
    this.isIdle = state.quotas.settings.size === 0;
  }

  hold(task: TaskState): Hold | undefined {
    if (this.isIdle) return undefined;
    for (const id of [PROJECT, ...countedFor(task)]) {
      const hold = this.heldBy(id);
      if (hold) return hold;
    }
    return undefined;
  }

  holdAt(_task: TaskState, agent: AgentState): Hold | undefined {
    return this.isIdle ? undefined : this.heldBy(limitId('agent', agent.id));
  }

  take(task: TaskState, agent: AgentState): void {
    if (this.isIdle) return;
    for (const id of [PROJECT, ...countedFor(task), limitId('agent', agent.id)]) {
      this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
    }
  }

  private heldBy(id: LimitId): Hold | undefined {
    return heldBy(this.state, id, { nowMs: this.nowMs, taken: this.taken.get(id) ?? 0 });
  }
}
