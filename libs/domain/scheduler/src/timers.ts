import type { EndBackoff, ExpireLease, SchedulerCommand } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { attemptFailed } from './attempt-failure';
import { HeapWalk } from './heap';
import { inThread, taskEvent } from './scheduler.facts';
import { isLive, type SchedulerState } from './scheduler.state';

/** When the next lease or back-off ends, epoch ms. */
export function dueAtMs({ timers }: SchedulerState): number {
  return timers.peek()?.dueAtMs ?? Infinity;
}

/** What has come due, earliest first. */
export function due({ timers }: SchedulerState, nowMs: number): readonly Pick<SchedulerCommand, 'type' | 'data'>[] {
  const commands: Pick<SchedulerCommand, 'type' | 'data'>[] = [];
  const walk = new HeapWalk(timers);
  for (let task = walk.peek(); task && task.dueAtMs <= nowMs; walk.next(), task = walk.peek()) {
    commands.push({ type: isLive(task) ? 'ExpireLease' : 'EndBackoff', data: { taskId: task.spec.taskId, attempt: task.attempt } });
  }
  return commands;
}

export function expireLease(state: SchedulerState, { taskId, attempt }: ExpireLease, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(taskId);
  if (!task || !isLive(task) || task.attempt !== attempt) return []; // The timer of an older attempt.
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
