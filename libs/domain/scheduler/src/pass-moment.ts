import type { Moment, PassMoment } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { attemptFailed, deadLettered } from './attempt-failure';
import { HeapWalk } from './heap';
import { type MomentField, momentOf } from './moments';
import { inThread, taskEvent } from './scheduler.facts';
import { isLive, type SchedulerState, type TaskMoments, type TaskState } from './scheduler.state';
import type { DueCommand } from './topics';

/** The deadline first: when it has passed, nothing else matters. */
const FIELDS: readonly (readonly [Moment, MomentField])[] = [
  ['deadline', 'deadlineMs'],
  ['queue-timeout', 'queueUntilMs'],
  ['progress-timeout', 'progressUntilMs'],
  ['not-before', 'notBeforeMs'],
];
const FIELD_OF = new Map(FIELDS);

/** The moments that have come, earliest first; of a task, the one that comes first in the list above. */
export function passedMoments({ moments }: SchedulerState, nowMs: number): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  const walk = new HeapWalk(moments);
  for (let next = walk.peek(); next && next.dueAtMs <= nowMs; walk.next(), next = walk.peek()) {
    const [moment, field] = FIELDS.find((one) => (next as TaskMoments)[one[1]] <= nowMs) as (typeof FIELDS)[number];
    commands.push({ type: 'PassMoment', data: { taskId: next.task.spec.taskId, moment, dueAtMs: next[field] } });
  }
  return commands;
}

export function passMoment(state: SchedulerState, { taskId, moment, dueAtMs }: PassMoment, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(taskId);
  if (!task || momentOf(task, FIELD_OF.get(moment) as MomentField) !== dueAtMs) return []; // It was put off, or the task went on.
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
