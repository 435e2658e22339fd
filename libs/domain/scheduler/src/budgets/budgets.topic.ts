import type { TaskSpec, Usage } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { attemptFailed } from '../attempt-failure';
import { HeapWalk } from '../heap';
import { inThread, taskEvent } from '../scheduler.facts';
import { bySeq, hasEnded, isLive, type SchedulerState, type TaskState } from '../scheduler.state';
import { ends, roomIn, type Settlement } from '../settlement';
import { isStopped } from '../stopped';
import type { BroughtResult, Topic } from '../topics';
import type { Account } from './account';
import { DIMENSIONS, inWords, type Sums, sumsOf } from './amounts';
import { wakeAccount } from './budgets.gate';
import { exhausted, plus } from './exhaustion';
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
  settle: (settlement) => {
    failSpentTasks(settlement);
    stopWhatIsExhausted(settlement);
  },
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
    const used = { tokens: tokens + delta.input + delta.output, micros: micros + delta.micros, wallMs };
    const reservedForOthers = reservedBeside(account, spending);
    const all = plus(used, reservedForOthers);
    const { limit } = account;
    if (all.tokens > (limit.tokens ?? Infinity) || all.micros > (limit.micros ?? Infinity))
      return exhausted(state, task, { account, used, reservedForOthers, nowMs });
  }
  return [];
}

const reservedBeside = (account: Account, spending: Spending): Sums => ({
  tokens: account.reservedTokens - reservedTokens(spending),
  micros: account.reservedMicros - reservedMicros(spending),
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
  for (const taskId of [...state.budgets.spent].sort()) {
    const task = state.tasks.get(taskId);
    if (!task || hasEnded(task) || isLive(task)) continue;
    const reason = `budget: What is left of the budget of task ${taskId} does not allow another attempt.`;
    ends(settlement, task, 'failed', taskEvent('task.failed', { taskId, attempts: task.attempt, reason, failedAtMs: nowMs }));
  }
}

/** Everything that counts against an account whose time has run out, and what costs money in one that is overdrawn. */
function stopWhatIsExhausted(settlement: Settlement): void {
  const { state, nowMs } = settlement;
  const { clocks, overdrawn } = state.budgets;
  if (isStopped(state)) return; // What is live is being stopped anyway.
  const walk = new HeapWalk(clocks);
  for (let next = walk.peek(); next && next.runsOutAtMs <= nowMs; walk.next(), next = walk.peek()) stopAll(settlement, next, next.live);
  for (const account of [...overdrawn].sort((a, b) => (a.key < b.key ? -1 : 1))) stopAll(settlement, account, account.spenders);
}

function stopAll(settlement: Settlement, account: Account, spendings: Iterable<Spending>): void {
  const { state, nowMs, ended, events } = settlement;
  const tasks = [...spendings].flatMap(({ taskId }) => state.tasks.get(taskId) ?? []);
  for (const task of tasks.sort(bySeq)) {
    if (ended.has(task)) continue;
    if (roomIn(settlement) < EVENTS_EACH && events.length > 0) return;
    ended.set(task, 'failed');
    events.push(...exhausted(state, task, { account, used: account.usedAt(nowMs), nowMs }).map((event) => inThread(task, event)));
  }
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
