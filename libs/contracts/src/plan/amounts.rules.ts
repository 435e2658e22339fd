import { durationMs } from '../duration';
import type { PlanProblem } from './plan.rules';
import type { PlanAmounts, PlanTask } from './plan.task';
import { repeatsIn } from './repeats';

const AMOUNTS = ['tokens', 'costUsd', 'wall'] as const;

/** Budgets, estimates and metering that contradict each other, or say nothing. */
export function amountProblems({ key, budget, estimate, metered }: PlanTask): PlanProblem[] {
  const empty = ({ pointer, amounts }: { pointer: string; amounts?: PlanAmounts }): PlanProblem[] =>
    amounts === undefined || AMOUNTS.some((name) => amounts[name] !== undefined)
      ? []
      : [{ pointer, message: `The "${pointer.slice(1)}" of task "${key}" needs at least one of ${AMOUNTS.join(', ')}.` }];
  const unknown = metered === true && estimate === undefined;
  return [
    ...empty({ pointer: '/budget', amounts: budget }),
    ...empty({ pointer: '/estimate', amounts: estimate }),
    ...(unknown
      ? [
          {
            pointer: '/estimate',
            message: `Task "${key}" is metered, and needs an "estimate", which counts when its agent reports no usage.`,
          },
        ]
      : []),
    ...beyondBudget(key, budget, estimate),
  ];
}

function beyondBudget(key: string, budget: PlanAmounts = {}, estimate: PlanAmounts = {}): PlanProblem[] {
  return AMOUNTS.flatMap((name) => {
    const [limit, expected] = [budget[name], estimate[name]];
    if (limit === undefined || expected === undefined || amountOf(expected) <= amountOf(limit)) return [];
    const message = `Task "${key}" is expected to use ${expected} of ${name}, which is more than its budget of ${limit}.`;
    return [{ pointer: `/estimate/${name}`, message }];
  });
}

const amountOf = (amount: number | string): number => (typeof amount === 'string' ? (durationMs(amount) ?? 0) : amount);

/** Semaphores and paths that are named twice. */
export function limitProblems({ key, semaphores = [], claims = [] }: PlanTask): PlanProblem[] {
  return [
    ...repeatsIn(semaphores).map(({ value, at }) => ({
      pointer: `/semaphores/${at}`,
      message: `Task "${key}" names semaphore "${value}" twice; it takes one place of each.`,
    })),
    ...repeatsIn(claims.map(({ path }) => path)).map(({ value, at }) => ({
      pointer: `/claims/${at}/path`,
      message: `Task "${key}" claims "${value}" twice; name it once, in one mode.`,
    })),
  ];
}
