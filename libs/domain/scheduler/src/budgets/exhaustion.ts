import { type BudgetExhausted, type ExhaustibleScope } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { attemptFailed } from '../attempt-failure';
import type { SchedulerState, TaskState } from '../scheduler.state';
import type { Account } from './account';
import { amountsOf, type Dimension, DIMENSIONS, inWords, plus, type Sums, usdOf } from './amounts';

const TITLES: Readonly<Record<ExhaustibleScope, string>> = {
  project: 'The budget of the project',
  day: 'The budget of the day',
  agent: 'The budget of agent',
  task: 'The budget of task',
};
export const titleOf = ({ scope, name }: Pick<Account, 'scope' | 'name'>): string =>
  name === '' ? TITLES[scope] : `${TITLES[scope]} ${name}`;

/** The limit that is passed, or reached by time. */
function passed(used: Sums, limit: Partial<Sums>): Dimension {
  const over = DIMENSIONS.find((dimension) => used[dimension] > (limit[dimension] ?? Infinity));
  return over ?? DIMENSIONS.find((dimension) => used[dimension] >= (limit[dimension] ?? Infinity)) ?? 'wallMs';
}

/**
 * The attempt is stopped, and its task fails: no retry can bring back what has been spent.
 *
 * @param used by everything that counts against the account; `reservedForOthers` is what of the rest belongs to other attempts.
 */
export function exhausted(
  state: SchedulerState,
  task: TaskState,
  { account, used, reservedForOthers, nowMs }: { account: Account; used: Sums; reservedForOthers?: Sums; nowMs: number },
): readonly NewEvent[] {
  const { scope, name, limit = {} } = account;
  const { attempt, agentId = '', spec } = task;
  const all = reservedForOthers ? plus(used, reservedForOthers) : used;
  const dimension = passed(all, limit);
  const others = reservedForOthers?.[dimension]
    ? `, of which ${inPlainWords(dimension, reservedForOthers)} reserved for other attempts`
    : '';
  const message = `${titleOf(account)} is exhausted: ${inWords(dimension, all[dimension], limit[dimension] ?? 0)}${others}.`;
  const data: BudgetExhausted = {
    scope,
    ...(scope === 'agent' ? { name } : {}),
    taskId: spec.taskId,
    attempt,
    agentId,
    used: amountsOf(used),
    limit: limitOf(limit),
    exhaustedAtMs: nowMs,
  };
  return [
    { type: 'budget.exhausted', subject: `task/${spec.taskId}`, data },
    ...attemptFailed(state, task, { reason: 'budget', class: 'budget', message }, nowMs),
  ];
}

/** What follows once it is said that a budget is exhausted; `account` is the key of it. */
export function exhaustedAttempt(
  state: SchedulerState,
  task: TaskState,
  { account: key, nowMs }: { account: string; nowMs: number },
): readonly NewEvent[] {
  const spending = state.budgets.live.get(task.spec.taskId);
  const account = spending && state.budgets.accountsOf(spending).find((one) => one.key === key);
  if (account) return exhausted(state, task, { account, used: account.usedAt(nowMs), nowMs }).slice(1);
  return attemptFailed(state, task, { reason: 'budget', class: 'budget', message: 'Its budget is exhausted.' }, nowMs);
}

export const limitOf = ({ tokens, micros, wallMs }: Partial<Sums>) => ({
  ...(tokens === undefined ? {} : { tokens }),
  ...(micros === undefined ? {} : { costUsd: usdOf(micros) }),
  ...(wallMs === undefined ? {} : { wallMs }),
});

const inPlainWords = (dimension: Dimension, sums: Sums): string =>
  dimension === 'micros' ? `${usdOf(sums.micros)} USD are` : `${sums[dimension]} are`;
