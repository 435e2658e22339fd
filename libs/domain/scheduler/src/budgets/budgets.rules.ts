import { type BudgetCommand, type SetBudget } from '@torch/contracts';
import { canonicalJson, type NewEvent, Rejection } from '@torch/kernel';
import type { Rules } from '../rules';
import type { SchedulerState } from '../scheduler.state';
import { sumsOf } from './amounts';
import { budgetId, type BudgetSetting } from './budgets.state';

/** Budgets that a project may have set. */
export const BUDGETS_MAX = 10_000;

export const budgetRules: Rules<BudgetCommand> = {
  SetBudget: (state, { data }, { nowMs }) => setBudget(state, data, nowMs),
};

/** Set as it is, or taken away when there is none: nothing to do. */
function setBudget({ budgets }: SchedulerState, data: SetBudget, nowMs: number): readonly NewEvent[] {
  refuseUnclear(data);
  const { scope, name, limit } = data;
  const setting: BudgetSetting = { scope, ...(name === undefined ? {} : { name }), limit };
  const id = budgetId(scope, name);
  const before = budgets.settings.get(id);
  if (before ? canonicalJson(before) === canonicalJson(setting) : !sumsOf(limit)) return [];
  if (!before && budgets.settings.size >= BUDGETS_MAX)
    throw new Rejection('too-many-budgets', `The project has ${BUDGETS_MAX} budgets, which is the most: take one away first.`);
  return [{ type: 'budget.set', subject: `budget/${id}`, data: { ...setting, setAtMs: nowMs } }];
}

function refuseUnclear({ scope, name }: SetBudget): void {
  if (scope === 'agent' && name === undefined)
    throw new Rejection(
      'unclear-budget',
      'A budget of scope "agent" needs a "name": an agent, or "*" for each without a budget of its own.',
    );
  if (scope !== 'agent' && name !== undefined)
    throw new Rejection(
      'unclear-budget',
      `A budget of scope "${scope}" has no "name", and not "${name}": there is one for the whole project.`,
    );
}
