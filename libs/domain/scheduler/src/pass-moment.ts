import type { Moment, PassMoment } from '@torch/contracts';
import { inOrder, type NewEvent, Rejection, type TimerContext } from '@torch/kernel';
import { attemptFailed, deadLettered } from './attempt-failure';
import { type MomentField, momentOf } from './moments';
import { inThread, taskEvent } from './scheduler.facts';
import { isLive, type SchedulerState, type TaskMoments, type TaskState } from './scheduler.state';
import type { DueCommand } from './topics';

const FIELD_OF: Readonly<Record<Moment, MomentField>> = {
  deadline: 'deadlineMs',
  'queue-timeout': 'queueUntilMs',
  'progress-timeout': 'progressUntilMs',
  'not-before': 'notBeforeMs',
};

/**
 * The moments that have come, of each sort the earliest first. Deadlines come first: when one has passed, nothing else matters to its task.
 * Progress timeouts end other people's work, and go by the time of leases.
 */
export function* passedMoments(state: SchedulerState, { nowMs, leaseNowMs, max }: TimerContext): Iterable<DueCommand> {
  const { moments, progress, queueing } = state;
  for (const next of inOrder(moments)) {
    if (next.dueAtMs > nowMs) break;
    const isDeadline = next.deadlineMs <= nowMs;
    yield passes(next, isDeadline ? 'deadline' : 'not-before', isDeadline ? next.deadlineMs : next.notBeforeMs);
  }
  for (const next of queueing.due(nowMs, max)) yield passes(next, 'queue-timeout', next.queueUntilMs);
  for (const next of inOrder(progress)) {
    if (next.progressUntilMs > leaseNowMs) break;
    yield passes(next, 'progress-timeout', next.progressUntilMs);
  }
}

const passes = ({ task }: TaskMoments, moment: Moment, dueAtMs: number): DueCommand => ({
  type: 'PassMoment',
  data: { taskId: task.spec.taskId, moment, dueAtMs },
});

export function passMoment(state: SchedulerState, { taskId, moment, dueAtMs }: PassMoment, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(taskId);
  if (!task || momentOf(state, task, FIELD_OF[moment]) !== dueAtMs) return []; // It was put off, or the task went on.
  if (nowMs < dueAtMs) throw new Rejection('moment-not-reached', `The ${moment} of task ${taskId} is at ${dueAtMs}.`);
  return PASSED[moment](state, task, nowMs).map((event) => inThread(task, event));
}

type Passed = (state: SchedulerState, task: TaskState, nowMs: number) => readonly NewEvent[];

const PASSED: Readonly<Record<Moment, Passed>> = {
  'not-before': (_state, { spec: { taskId } }, nowMs) => [
    taskEvent('task.requeued', { taskId, reason: 'not-before-reached', requeuedAtMs: nowMs }),
  ],
  'queue-timeout': (_state, task, nowMs) => [
    deadLettered(task, `queue-timeout: No agent took it within ${task.spec.queueTimeoutMs} ms.`, nowMs),
  ],
  'progress-timeout': (state, task, nowMs) => {
    const message = `Agent ${task.agentId} reported no progress of attempt ${task.attempt} within ${task.spec.progressTimeoutMs} ms.`;
    return attemptFailed(state, task, { reason: 'progress-timeout', message }, nowMs);
  },
  deadline: (state, task, nowMs) => {
    const message = `It had not ended ${task.spec.deadlineMs} ms after it was submitted.`;
    if (isLive(task)) return attemptFailed(state, task, { reason: 'deadline', message }, nowMs);
    return [deadLettered(task, `deadline: ${message}`, nowMs)];
  },
};
