import { saturatingAdd } from '@torch/kernel';
import type { Gate, GateRound, Hold } from '../gates/gate';
import type { AgentState, SchedulerState, TaskState } from '../scheduler.state';
import { Account, DAY_MS, midnightBefore } from './account';
import { type Dimension, DIMENSIONS, inWords, plus, type Sums, sumsOf } from './amounts';
import { titleOf } from './exhaustion';

/** What is parked on an account: tasks that are too dear for what is left, and, by dimension, all tasks once nothing is left. */
const parkedOn = ({ key }: Account): string => `budget/${key}`;
const parkedOnNothing = (account: Account, dimension: Dimension): string => `${parkedOn(account)}/${dimension}`;

/** To be called when something has become free in the account, or its limit is another. */
export function wakeAccount({ matching }: SchedulerState, account: Account): void {
  matching.wake(parkedOn(account));
  for (const dimension of DIMENSIONS) matching.wake(parkedOnNothing(account, dimension));
}

/**
 * A task's estimate is reserved in every budget that it counts against from its assignment on: what has been used and what is
 * reserved never pass a limit by an assignment. A task without an estimate begins as long as anything is left.
 */
export const budgetGate: Gate = {
  gateKey: ({ spec: { estimate } }) => {
    const { tokens, micros, wallMs } = sumsOf(estimate) ?? {};
    return tokens || micros || wallMs ? `${tokens ?? ''},${micros ?? ''},${wallMs ?? ''}` : '';
  },
  round: (state, nowMs) => new BudgetRound(state, nowMs),
};

class BudgetRound implements GateRound {
  /** What is used and reserved, by account, with what this round has taken. */
  private readonly committed = new Map<string, Record<Dimension, number>>();
  private readonly isIdle: boolean;

  constructor(
    private readonly state: SchedulerState,
    private readonly nowMs: number,
  ) {
    this.isIdle = state.budgets.settings.size === 0;
  }

  hold(task: TaskState): Hold | undefined {
    if (this.isIdle) return undefined;
    const { project, day } = this.state.budgets;
    return this.heldBy(project, task) ?? this.heldBy(day, task);
  }

  holdAt(task: TaskState, agent: AgentState): Hold | undefined {
    return this.isIdle ? undefined : this.heldBy(this.accountOf(agent), task);
  }

  take({ spec }: TaskState, agent: AgentState): void {
    if (this.isIdle) return;
    const estimate = sumsOf(spec.estimate);
    if (!estimate) return;
    const { project, day } = this.state.budgets;
    for (const account of [project, day, this.accountOf(agent)]) {
      if (!account.limit) continue;
      const committed = this.committedTo(account);
      for (const dimension of DIMENSIONS) committed[dimension] = saturatingAdd(committed[dimension], estimate[dimension] ?? 0);
    }
  }

  private heldBy(account: Account, { spec }: TaskState): Hold | undefined {
    const { limit } = account;
    if (!limit) return undefined;
    const estimate: Partial<Sums> = sumsOf(spec.estimate) ?? {};
    const committed = this.committedTo(account);
    for (const dimension of DIMENSIONS) {
      const most = limit[dimension];
      if (most === undefined) continue;
      const taken = committed[dimension];
      const used = `used or reserved ${inWords(dimension, taken, most)}`;
      if (taken >= most) {
        const message = `${titleOf(account)} has nothing left: ${used}.`;
        return { reason: 'budget', key: parkedOnNothing(account, dimension), message, ...this.endOf(account), forAll: true };
      }
      const needed = estimate[dimension] ?? 0;
      if (taken + needed <= most) continue;
      const message = `${titleOf(account)} has too little left: ${used}, and the task's estimate is ${inWords(dimension, needed, most)}.`;
      return { reason: 'budget', key: parkedOn(account), message, ...this.endOf(account) };
    }
    return undefined;
  }

  /** A new day begins with a new budget. */
  private endOf({ scope, asOfMs }: Account): Pick<Hold, 'untilMs'> {
    return scope === 'day' ? { untilMs: midnightBefore(Math.max(this.nowMs, asOfMs)) + DAY_MS } : {};
  }

  private committedTo(account: Account): Record<Dimension, number> {
    let committed = this.committed.get(account.key);
    if (!committed) {
      const used = account.usedAt(this.nowMs);
      const reserved = account.reservedAt(this.nowMs);
      committed = { ...plus(used, reserved) };
      this.committed.set(account.key, committed);
    }
    return committed;
  }

  /** An agent that had no attempt yet has no account, and gets none by being asked about. */
  private accountOf({ id }: AgentState): Account {
    const { agents } = this.state.budgets;
    const known = agents.get(id);
    if (known) return known;
    const account = new Account('agent', id);
    account.limit = this.state.budgets.agentLimit(id);
    return account;
  }
}
