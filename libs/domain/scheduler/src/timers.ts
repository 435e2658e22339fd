import type { EndBackoff, ExpireLease } from '@torch/contracts';
import { type Heap, inOrder, type NewEvent, Rejection, type TimerContext } from '@torch/kernel';
import { waitsForAnswer } from './approvals/approvals.exports';
import { attemptFailed } from './attempt-failure';
import { passedMoments } from './pass-moment';
import { inThread, taskEvent } from './scheduler.facts';
import { isLive, type SchedulerState, type TaskState } from './scheduler.state';
import { isStopped } from './stopped';
import { type DueCommand, topics } from './topics';

/** When the next lease, back-off or other moment of a task ends, or a topic has something to say, epoch ms. */
export function dueAtMs(state: SchedulerState): number {
  const { leases, backoffs, moments, progress, queueing, matching } = state;
  let earliestMs = Math.min(leases.peek()?.dueAtMs ?? Infinity, backoffs.peek()?.dueAtMs ?? Infinity);
  earliestMs = Math.min(earliestMs, moments.peek()?.dueAtMs ?? Infinity, progress.peek()?.progressUntilMs ?? Infinity, queueing.dueAtMs());
  if (!isStopped(state)) earliestMs = Math.min(earliestMs, matching.nextWakeMs());
  for (const topic of topics()) earliestMs = Math.min(earliestMs, topic.dueAtMs?.(state) ?? Infinity);
  return earliestMs;
}

/**
 * What has come due: leases and back-offs, other moments of tasks, then each topic's; of each sort the earliest first, and `max` of all.
 * Whatever is asked for comes after O(log n), however much has come due at once.
 *
 * By the time of leases (`leaseNowMs`) go `ExpireLease`, `PassMoment` of progress timeouts, and `ExpireClaim`: they end the work of agents,
 * which may have gone on while nobody heard them. Back-offs, deadlines, queue timeouts, `notBeforeMs`, approvals and schedules go by the
 * clock: they are promises to whoever asked for something.
 */
export function due(state: SchedulerState, context: TimerContext): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  for (const command of dueOfTasks(state, context)) {
    if (commands.length >= context.max) return commands;
    commands.push(command);
  }
  for (const topic of topics()) {
    const max = context.max - commands.length;
    if (max > 0 && topic.due) commands.push(...topic.due(state, { ...context, max }));
  }
  return commands;
}

function* dueOfTasks(state: SchedulerState, context: TimerContext): Iterable<DueCommand> {
  yield* dueOf('ExpireLease', state.leases, context.leaseNowMs);
  yield* dueOf('EndBackoff', state.backoffs, context.nowMs);
  yield* passedMoments(state, context);
}

function* dueOf(type: 'ExpireLease' | 'EndBackoff', timers: Heap<TaskState>, nowMs: number): Iterable<DueCommand> {
  for (const { dueAtMs: atMs, attempt, spec } of inOrder(timers)) {
    if (atMs > nowMs) return;
    yield { type, data: { taskId: spec.taskId, attempt } };
  }
}

export function expireLease(state: SchedulerState, { taskId, attempt }: ExpireLease, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(taskId);
  if (!task || !isLive(task) || task.attempt !== attempt) return []; // The timer of an older attempt.
  if (waitsForAnswer(state, task)) return []; // A question that runs out of time in the same turn gives the lease its time back.
  if (nowMs < task.dueAtMs) throw new Rejection('lease-not-expired', `Task ${taskId} is leased until ${task.dueAtMs}.`);
  const missing = task.status === 'assigned' ? 'start' : 'result';
  const message = `Agent ${task.agentId} gave no ${missing} of attempt ${attempt} before its lease ended at ${task.dueAtMs}.`;
  return attemptFailed(state, task, { reason: 'lease-expired', message }, nowMs).map((event) => inThread(task, event));
}

export function endBackoff(state: SchedulerState, { taskId, attempt }: EndBackoff, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(taskId);
  if (!task || task.status !== 'backing-off' || task.attempt !== attempt) return []; // The timer of an older attempt.
  if (nowMs < task.dueAtMs) throw new Rejection('backoff-not-over', `Task ${taskId} backs off until ${task.dueAtMs}.`);
  return [inThread(task, taskEvent('task.requeued', { taskId, reason: 'backoff-over', requeuedAtMs: nowMs }))];
}
