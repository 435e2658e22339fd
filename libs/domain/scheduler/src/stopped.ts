import type { WorkResumed } from '@torch/contracts';
import { attemptFailed } from './attempt-failure';
import { setMoment } from './moments';
import { inThread } from './scheduler.facts';
import { bySeq, type SchedulerState, type TaskState } from './scheduler.state';
import { roomIn, type Settlement } from './settlement';

/** Of a stopped attempt: it has failed, its retry is set, and its task is ready again. */
const EVENTS_EACH = 3;

export const isStopped = ({ quotas }: SchedulerState): boolean => quotas.stopped !== undefined;

/** Live attempts are over, and their tasks ready again; nothing is spent. Agents hear of it from the events. */
export function stopAttempts(settlement: Settlement): void {
  const { state, nowMs, ended, events } = settlement;
  const message = `Work was stopped: ${state.quotas.stopped?.reason ?? ''}`;
  for (const task of liveTasks(state)) {
    if (ended.has(task)) continue;
    if (roomIn(settlement) < EVENTS_EACH && events.length > 0) return;
    events.push(...attemptFailed(state, task, { reason: 'stopped', message }, nowMs).map((event) => inThread(task, event)));
  }
}

function liveTasks({ agents }: SchedulerState): readonly TaskState[] {
  const live: TaskState[] = [];
  for (const agent of agents.values()) live.push(...agent.live);
  return live.sort(bySeq);
}

/** Nobody waits in the queue for as long as the project's work is stopped. */
export function stopQueueTimeouts(state: SchedulerState): void {
  const waiting: TaskState[] = [];
  for (let i = 0; i < state.moments.size; i++) {
    const moments = state.moments.at(i);
    if (moments && moments.queueUntilMs < Infinity) waiting.push(moments.task);
  }
  for (const task of waiting) setMoment(state, task, 'queueUntilMs', Infinity);
}

export function restartQueueTimeouts(state: SchedulerState, { resumedAtMs }: WorkResumed): void {
  for (const task of state.tasks.values()) {
    const { queueTimeoutMs } = task.spec;
    if (task.status === 'ready' && queueTimeoutMs !== undefined) setMoment(state, task, 'queueUntilMs', resumedAtMs + queueTimeoutMs);
  }
}
