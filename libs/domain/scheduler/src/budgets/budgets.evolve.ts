import type { BudgetEvent } from '@torch/contracts';
import { setBetween } from '../between.evolve';
import type { Facts } from '../rules';
import { isLive } from '../scheduler.state';
import { wakeAccount } from './budgets.gate';
import { Account } from './account';
import { EACH_AGENT } from './budgets.state';

export const budgetFacts: Facts<BudgetEvent> = {
  'budget.set': (state, { data: { scope, name, limit } }) => {
    const setting = { scope, ...(name === undefined ? {} : { name }), limit };
    state.budgets.set(setting);
    if (scope !== 'agent') wakeAccount(state, state.budgets[scope]);
    else for (const id of name === EACH_AGENT ? state.agents.keys() : [name as string]) wakeAccount(state, new Account('agent', id));
  },
  /** The attempt's own event ends it. */
  'budget.exhausted': (state, { data: { scope, name, taskId } }) => {
    const account = new Account(scope, scope === 'task' ? taskId : name).key;
    const task = state.tasks.get(taskId);
    if (task && isLive(task)) setBetween(state, task, { after: 'budget-exhausted', account });
  },
};
