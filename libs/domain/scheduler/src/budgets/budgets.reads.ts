import type { BudgetList, BudgetView, GetUsage, UsageFound, UsageTotal } from '@torch/contracts';
import type { SchedulerState } from '../scheduler.state';
import type { Account } from './account';
import { amountsOf, plus, type Sums, usdOf } from './amounts';
import { type BudgetSetting, EACH_AGENT } from './budgets.state';
import { namesOf, NO_MODEL } from './ledger';
import { addInto, noTotal, type Total } from './usage-totals';

/** Totals of an answer, unless the query says otherwise. */
export const USAGE_PAGE_DEFAULT = 100;

/** Live attempts count with what they have reported so far, and with their time up to now. */
export function getUsage(state: SchedulerState, { by, limit = USAGE_PAGE_DEFAULT }: GetUsage, nowMs: number): UsageFound {
  const totals = new Map([...state.budgets.totals.of(by)].map(([name, total]) => [name, { ...total }]));
  for (const spending of state.budgets.live.values()) {
    const task = state.tasks.get(spending.taskId);
    if (!task) continue;
    const isUnreportedModel = by === 'model' && !task.usage;
    const name = by === 'model' ? (task.usage?.model ?? NO_MODEL) : namesOf(task, spending, nowMs)[by];
    if (name === undefined || isUnreportedModel) continue;
    const total = totals.get(name) ?? noTotal();
    addInto(total, { ...noTotal(), wallMs: Math.max(0, nowMs - spending.beganAtMs), attempts: 1 });
    totals.set(name, total);
  }
  const all = [...totals].map(([name, total]) => ({ name, ...total })).sort(largestFirst);
  return { totals: all.slice(0, limit).map(viewOf) };
}

/** By scope and name. A budget for each agent shows what all agents without one of their own have used and reserved together. */
export function listBudgets(state: SchedulerState, nowMs: number): BudgetList {
  const settings = [...state.budgets.settings].sort(([a], [b]) => (a < b ? -1 : 1));
  return { budgets: settings.map(([, setting]) => budgetView(state, setting, nowMs)) };
}

function budgetView({ budgets }: SchedulerState, { scope, name, limit }: BudgetSetting, nowMs: number): BudgetView {
  const counted = budgets.concernedBy({ scope, name }).filter((account) => name !== EACH_AGENT || !budgets.settings.has(account.key));
  const sum = (of: (account: Account) => Sums): Sums => counted.map(of).reduce(plus, { tokens: 0, micros: 0, wallMs: 0 });
  return {
    scope,
    ...(name === undefined ? {} : { name }),
    limit,
    used: amountsOf(sum((account) => account.usedAt(nowMs))),
    reserved: amountsOf(sum((account) => account.reservedAt(nowMs))),
  };
}

type Named = Total & { readonly name: string };

const largestFirst = (a: Named, b: Named): number =>
  b.micros - a.micros || b.input + b.output - a.input - a.output || b.wallMs - a.wallMs || (a.name < b.name ? -1 : 1);

const viewOf = ({ name, input, output, micros, wallMs, attempts }: Named): UsageTotal => ({
  name,
  inputTokens: input,
  outputTokens: output,
  costUsd: usdOf(micros),
  wallMs,
  attempts,
});
