import { type BudgetExhausted, type ExhaustibleScope } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { attemptFailed } from '../attempt-failure';
import type { SchedulerState, TaskState } from '../scheduler.state';
import type { Account } from './account';
import { amountsOf, type Dimension, DIMENSIONS, inWords, type Sums, usdOf } from './amounts';

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

export const limitOf = ({ tokens, micros, wallMs }: Partial<Sums>) => ({
  ...(tokens === undefined ? {} : { tokens }),
  ...(micros === undefined ? {} : { costUsd: usdOf(micros) }),
  ...(wallMs === undefined ? {} : { wallMs }),
});

export const plus = (a: Sums, b: Sums): Sums => ({ tokens: a.tokens + b.tokens, micros: a.micros + b.micros, wallMs: a.wallMs + b.wallMs });

const inPlainWords = (dimension: Dimension, sums: Sums): string =>
  dimension === 'micros' ? `${usdOf(sums.micros)} USD are` : `${sums[dimension]} are`;
