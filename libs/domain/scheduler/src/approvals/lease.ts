import type { SchedulerState, TaskState } from '../scheduler.state';
import { progressSeen } from '../task.evolve';
import { setTimer } from '../timers.evolve';
import type { Approval } from './approvals.state';

/** What the live attempt has left of its lease, ms; from the first of its open questions on, that stands still. */
export function leaseLeftMs(state: SchedulerState, task: TaskState, nowMs: number): number {
  return openQuestions(state, task)[0]?.leaseLeftMs ?? Math.max(0, task.dueAtMs - nowMs);
}

/**
 * For `evolve`: a question of the live attempt was asked, escalated or answered. While an answer is awaited, the lease ends as
 * long after the last time-out as it had left when the first question was asked; and after the last answer, as long after that.
 */
export function renewLease(state: SchedulerState, task: TaskState, { left = 0, atMs }: { left: number | undefined; atMs: number }): void {
  const waiting = openQuestions(state, task);
  setTimer(state, task, waiting.reduce((until, { timeoutAtMs }) => Math.max(until, timeoutAtMs), atMs) + left);
  progressSeen(state, task, atMs);
}

/** The live attempt has asked something that nobody has answered yet: no progress is to be expected of it. */
export const waitsForAnswer = (state: SchedulerState, task: TaskState): boolean => openQuestions(state, task).length > 0;

const openQuestions = ({ approvals }: SchedulerState, { spec, attempt: live }: TaskState): readonly Approval[] =>
  approvals.openOf(spec.taskId).filter(({ attempt }) => attempt === live);
