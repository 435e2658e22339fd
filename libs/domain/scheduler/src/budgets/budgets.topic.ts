import type { TaskSpec, Usage } from '@torch/contracts';
import { HeapWalk, type NewEvent, Rejection, saturatingAdd } from '@torch/kernel';
import { attemptFailed } from '../attempt-failure';
import { taskEvent } from '../scheduler.facts';
import { bySeq, hasEnded, isLive, type SchedulerState, type TaskState } from '../scheduler.state';
import { hasRoomFor, roomIn, says, type Settlement } from '../settlement';
import { isStopped } from '../stopped';
import type { BroughtResult, Topic } from '../topics';
import type { Account } from './account';
import { addMicros, DIMENSIONS, inWords, plus, type Sums, sumsOf } from './amounts';
import { wakeAccount } from './budgets.gate';
import { exhausted } from './exhaustion';
import { attemptBegan, attemptOver, usageSeen } from './ledger';
import { deltaOf, reservedMicros, reservedTokens, type Spending } from './spending';
import { moreOf, saysCost, saysTokens } from './usage';

/** Of an exhausted attempt: what is exhausted, that it has failed, that its task has. */
const EVENTS_EACH = 3;

export const budgetsTopic: Topic = {
  attemptBegan,
  attemptOver: (state, task, atMs) => {
    for (const account of attemptOver(state, task, atMs)) wakeAccount(state, account);
  },
  usageSeen,
  /** A retry that somebody asks for has the whole budget again. */
  taskOpened: ({ budgets }, { spec }) => budgets.forgetTask(spec.taskId),
  taskEnded: ({ budgets }, { spec }) => budgets.forgetTask(spec.taskId),
  conclusions: [failSpentTasks, stopWhatIsExhausted],
  dueAtMs: ({ budgets }) => budgets.clocks.peek()?.runsOutAtMs ?? Infinity,
  checkSubmitted: refuseContradiction,
  usageReported,
  resultBrought,
};

/** An attempt that takes what is left for others, or what is not there, ends by its report. */
function usageReported(state: SchedulerState, task: TaskState, usage: Usage, nowMs: number): readonly NewEvent[] {
  const { budgets } = state;
  const spending = budgets.live.get(task.spec.taskId);
  if (!spending) return [];
  const delta = deltaOf(spending, moreOf(task.usage, usage));
  for (const account of budgets.accountsOf(spending)) {
    if (!account.limit) continue;
    const { tokens, micros, wallMs } = account.usedAt(nowMs);
    const used = { tokens: saturatingAdd(tokens, delta.input, delta.output), micros: addMicros(micros, delta.micros), wallMs };
    const reservedForOthers = reservedBeside(account, spending);
    const all = plus(used, reservedForOthers);
    const { limit } = account;
    if (all.tokens > (limit.tokens ?? Infinity) || all.micros > (limit.micros ?? Infinity))
      return exhausted(state, task, { account, used, reservedForOthers, nowMs });
  }
  return [];
}

const reservedBeside = (account: Account, spending: Spending): Sums => ({
  tokens: account.reserved.tokensBeside(reservedTokens(spending)),
  micros: account.reserved.microsBeside(reservedMicros(spending)),
  wallMs: 0,
});

/** What a metered task has cost, if nobody tells, is not known: so much is not accepted on trust. */
function resultBrought(state: SchedulerState, task: TaskState, { usage }: BroughtResult, nowMs: number): readonly NewEvent[] {
  const told = usage ? moreOf(task.usage, usage) : task.usage;
  if (!task.spec.metered || saysTokens(told) || saysCost(told)) return [];
  const message = `Task ${task.spec.taskId} is metered, and agent ${task.agentId} reported no usage: its estimate counts as used.`;
  return attemptFailed(state, task, { reason: 'budget', class: 'budget', message }, nowMs);
}

/** Of their own budget, there is not enough left for another attempt. */
function failSpentTasks(settlement: Settlement): void {
  const { state, nowMs } = settlement;
  for (const taskId of state.budgets.spent) {
    if (roomIn(settlement) <= 0) return;
    const task = state.tasks.get(taskId);
    if (!task || hasEnded(task) || isLive(task)) continue;
    const reason = `budget: What is left of the budget of task ${taskId} does not allow another attempt.`;
    says(settlement, task, taskEvent('task.failed', { taskId, attempts: task.attempt, reason, failedAtMs: nowMs }));
  }
}

/** Everything that counts against an account whose time has run out, and what costs money in one that is overdrawn. */
function stopWhatIsExhausted(settlement: Settlement): void {
  const { state, nowMs } = settlement;
  const { clocks, overdrawn } = state.budgets;
  if (isStopped(state)) return; // What is live is being stopped anyway.
  const stopped = new Set<TaskState>();
  const walk = new HeapWalk(clocks);
  for (let next = walk.peek(); next && next.runsOutAtMs <= nowMs; walk.next(), next = walk.peek())
    if (!stopAll(settlement, { account: next, tasks: tasksOf(state, next), stopped })) return;
  for (const account of overdrawn) {
    const tasks = tasksBy(state, account.spenders);
    if (!stopAll(settlement, { account, tasks, stopped })) return;
  }
}

/** Those that use up its time, in order of submission. Every live attempt counts against the project and the day, and few against any other. */
function tasksOf(state: SchedulerState, { scope, live }: Account): Iterable<TaskState> {
  return scope === 'project' || scope === 'day' ? state.live : [...tasksBy(state, live)].sort(bySeq);
}

function* tasksBy({ tasks }: SchedulerState, spendings: Iterable<Spending>): Iterable<TaskState> {
  for (const { taskId } of spendings) {
    const task = tasks.get(taskId);
    if (task) yield task;
  }
}

interface Stopping {
  readonly account: Account;
  readonly tasks: Iterable<TaskState>;
  /** By this answer. */
  readonly stopped: Set<TaskState>;
}

/** False when there was no room for all of them. */
function stopAll(settlement: Settlement, { account, tasks, stopped }: Stopping): boolean {
  const { state, nowMs } = settlement;
  for (const task of tasks) {
    if (stopped.has(task)) continue;
    if (!hasRoomFor(settlement, EVENTS_EACH)) return false;
    stopped.add(task);
    says(settlement, task, ...exhausted(state, task, { account, used: account.usedAt(nowMs), nowMs }));
  }
  return true;
}

function refuseContradiction(_state: SchedulerState, { key, budget, estimate }: TaskSpec): void {
  const limit = sumsOf(budget) ?? {};
  const expected = sumsOf(estimate) ?? {};
  for (const dimension of DIMENSIONS) {
    const most = limit[dimension];
    const needed = expected[dimension];
    if (most === undefined || needed === undefined || needed <= most) continue;
    throw new Rejection(
      'contradictory-budget',
      `Task "${key}" has an "estimate" of ${inWords(dimension, needed, most)} in its "budget": lower the one, or raise the other.`,
    );
  }
}
