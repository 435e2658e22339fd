import { saturatingAdd } from '@torch/kernel';
import type { SchedulerState, TaskState } from '../scheduler.state';
import { type Account, midnightBefore } from './account';
import { DIMENSIONS, type Sums } from './amounts';
import { deltaOf, newSpending, spend, type Spending, untold } from './spending';
import { type Names, noTotal } from './usage-totals';

/** Usage of which nobody said by which model. */
export const NO_MODEL = '(unknown)';
/** The name under which the project itself is counted. */
export const WHOLE_PROJECT = 'project';

export function attemptBegan({ budgets }: SchedulerState, task: TaskState, atMs: number): void {
  const spending = newSpending(task.spec, task.agentId ?? '', atMs);
  budgets.begin(spending, atMs);
}

/** Something was reported of the live attempt: `task.usage` is all that is known of it now. */
export function usageSeen({ budgets }: SchedulerState, task: TaskState, atMs: number): void {
  const { usage } = task;
  const spending = budgets.live.get(task.spec.taskId);
  if (!spending || !usage) return;
  const delta = deltaOf(spending, usage);
  budgets.use(spending, delta, { atMs, change: () => spend(spending, delta, usage) });
  const names = { ...namesOf(task, spending, atMs), model: usage.model ?? NO_MODEL };
  budgets.totals.add(names, { ...delta, wallMs: 0, attempts: 0 });
}

const NO_ACCOUNTS: readonly Account[] = [];

/** @returns the accounts in which something may have become free. */
export function attemptOver({ budgets }: SchedulerState, task: TaskState, atMs: number): readonly Account[] {
  const spending = budgets.live.get(task.spec.taskId);
  if (!spending) return NO_ACCOUNTS;
  const accounts = budgets.accountsOf(spending);
  const charged = untold(spending);
  const { input, output, micros } = charged;
  if (input > 0 || micros > 0) budgets.use(spending, charged, { atMs, change: () => undefined });
  budgets.end(spending, accounts, atMs);
  const wallMs = Math.max(0, atMs - spending.beganAtMs);
  const names = namesOf(task, spending, atMs);
  budgets.totals.add(names, { input, output, micros, wallMs, attempts: 1 });
  if (task.usage) budgets.totals.add({ model: task.usage.model ?? NO_MODEL }, { ...noTotal(), wallMs, attempts: 1 });
  if (isSpent(accounts, spending)) budgets.spent.add(task.spec.taskId);
  return budgets.settings.size > 0 || spending.budget ? accounts.filter(({ limit }) => limit !== undefined) : NO_ACCOUNTS;
}

/** A cache: the same day is asked for again and again. */
let lastDay = { midnightMs: 0, name: '1970-01-01' };

function dayOf(atMs: number): string {
  const midnightMs = midnightBefore(atMs);
  if (midnightMs !== lastDay.midnightMs) lastDay = { midnightMs, name: new Date(midnightMs).toISOString().slice(0, 10) };
  return lastDay.name;
}

export function namesOf({ spec, run }: TaskState, { agentId }: Spending, atMs: number): Names {
  return {
    project: WHOLE_PROJECT,
    role: spec.role,
    agent: agentId,
    task: spec.taskId,
    day: dayOf(atMs),
    run: run.id,
  };
}

/** Whether the task's own budget has too little left for what another attempt is expected to use, or nothing. */
function isSpent([account]: readonly Account[], { budget, estimate }: Spending): boolean {
  if (!budget || !account) return false;
  const expected: Partial<Sums> = estimate ?? {};
  return DIMENSIONS.some((dimension) => {
    const most = budget[dimension];
    if (most === undefined) return false;
    const used = account[dimension];
    return saturatingAdd(used, expected[dimension] ?? 0) > most || (used > 0 && used >= most);
  });
}
