import type { EndBackoff, ExpireLease } from '@torch/contracts';
import { type NewEvent, Rejection, type TimerContext } from '@torch/kernel';
import { waitsForAnswer } from './approvals/approvals.exports';
import { attemptFailed } from './attempt-failure';
import { HeapWalk } from './heap';
import { passedMoments } from './pass-moment';
import { inThread, taskEvent } from './scheduler.facts';
import { isLive, type SchedulerState } from './scheduler.state';
import { isStopped } from './stopped';
import { type DueCommand, topics } from './topics';

/** When the next lease, back-off or other moment of a task ends, or a topic has something to say, epoch ms. */
export function dueAtMs(state: SchedulerState): number {
  let earliestMs = Math.min(state.timers.peek()?.dueAtMs ?? Infinity, state.moments.peek()?.dueAtMs ?? Infinity);
  if (!isStopped(state)) earliestMs = Math.min(earliestMs, state.matching.nextWakeMs());
  for (const topic of topics()) earliestMs = Math.min(earliestMs, topic.dueAtMs?.(state) ?? Infinity);
  return earliestMs;
}

/** What has come due: leases and back-offs, earliest first, other moments of tasks likewise, then each topic's. */
export function due(state: SchedulerState, { nowMs }: TimerContext): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  const walk = new HeapWalk(state.timers);
  for (let task = walk.peek(); task && task.dueAtMs <= nowMs; walk.next(), task = walk.peek()) {
    commands.push({ type: isLive(task) ? 'ExpireLease' : 'EndBackoff', data: { taskId: task.spec.taskId, attempt: task.attempt } });
  }
  return [...commands, ...passedMoments(state, nowMs), ...topics().flatMap((topic) => topic.due?.(state, nowMs) ?? [])];
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
