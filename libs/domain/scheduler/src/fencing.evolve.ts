import type { AttemptFenced, TaskResultIgnored } from '@torch/contracts';
import { reportRecorded } from './fencing';
import type { SchedulerState } from './scheduler.state';

export function onAttemptFenced(state: SchedulerState, data: AttemptFenced): void {
  reportRecorded(state, data, 'fenced', data.fencedAtMs);
}

/** Results for tasks that there are need no bookkeeping: the task says what is live. */
export function onResultIgnored(state: SchedulerState, { assignment, ...data }: TaskResultIgnored): void {
  if (assignment === undefined || state.tasks.has(data.taskId)) return;
  reportRecorded(state, { ...data, assignment }, data.outcome, data.ignoredAtMs);
}
