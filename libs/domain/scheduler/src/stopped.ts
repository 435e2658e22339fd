import type { WorkResumed } from '@torch/contracts';
import { attemptFailed } from './attempt-failure';
import { cascadedReason } from './scheduler.facts';
import type { SchedulerState } from './scheduler.state';
import { hasRoomFor, says, type Settlement } from './settlement';

/** Of a stopped attempt: it has failed, its retry is set, and its task is ready again. */
const EVENTS_EACH = 3;

export const isStopped = ({ quotas }: SchedulerState): boolean => quotas.stopped !== undefined;

/** Live attempts are over, and their tasks ready again; nothing is spent. Agents hear of it from the events. */
export function stopAttempts(settlement: Settlement): void {
  const { state, nowMs } = settlement;
  if (!isStopped(state)) return;
  const message = `Work was stopped: ${cascadedReason(state.quotas.stopped?.reason ?? '')}`;
  for (const task of state.live) {
    if (!hasRoomFor(settlement, EVENTS_EACH)) return;
    says(settlement, task, ...attemptFailed(state, task, { reason: 'stopped', message }, nowMs));
  }
}

/** Nobody waits in the queue for as long as the project's work is stopped. */
export const stopQueueTimeouts = ({ queueing }: SchedulerState): void => queueing.stop();

export const restartQueueTimeouts = ({ queueing }: SchedulerState, { resumedAtMs }: WorkResumed): void => queueing.resume(resumedAtMs);
