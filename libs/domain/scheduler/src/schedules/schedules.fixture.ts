import type { ScheduleFired, SetSchedule } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { DeciderRun } from '@torch/testing';
import type { SchedulerDecider } from '../decider';
import { registered, task, withAssignments } from '../decider.fixture';
import type { SchedulerState } from '../scheduler.state';

export const HOUR = 3_600_000;
/** A full hour. */
export const START_MS = 1000 * HOUR;

/** `nightly`, at every full hour, unless the part says otherwise. */
export const setSchedule = (part: Partial<SetSchedule> = {}) => ({
  type: 'SetSchedule',
  data: { scheduleId: 'nightly', cron: '@hourly', task: task('report'), ...part },
});
export const removeSchedule = (scheduleId = 'nightly') => ({ type: 'RemoveSchedule', data: { scheduleId } });
export const fireSchedule = (dueAtMs: number, scheduleId = 'nightly') => ({ type: 'FireSchedule', data: { scheduleId, dueAtMs } });

/** Of the run for the hour, counted from the start. */
export const runId = (hour: number): string => `nightly.${START_MS + hour * HOUR}`;
export const taskId = (hour: number): string => `${runId(hour)}.report`;

/** A project at a full hour, with agents that take one task each, and the schedule set. */
export function scheduled(part: Partial<SetSchedule> = {}, { agents = 1, decider }: { agents?: number; decider?: SchedulerDecider } = {}) {
  const run = new DeciderRun(withAssignments(decider)).at(START_MS);
  for (let n = 1; n <= agents; n++) run.happened(registered(`agent-${n}`));
  run.decide(setSchedule(part));
  run.settle();
  return run;
}

/** Moves the clock to so many hours after the start, and decides what is due by then until nothing is, as the host does. */
export function passHours(run: DeciderRun<SchedulerState>, hours: number): readonly NewEvent[] {
  const events: NewEvent[] = [];
  run.at(START_MS + hours * HOUR);
  while (run.dueAtMs() <= run.nowMs) {
    events.push(...run.passTo(run.nowMs));
    for (let more = run.settle(); more.length > 0; more = run.settle()) events.push(...more);
  }
  return events;
}

export const fired = (events: readonly NewEvent[]): ScheduleFired[] =>
  events.filter(({ type }) => type === 'schedule.fired').map(({ data }) => data as ScheduleFired);

/** As `agent-1` does, unless another is named. */
export const complete = (hour: number, agentId = 'agent-1') => ({
  type: 'CompleteTask',
  data: { taskId: taskId(hour), attempt: 1, agentId, exitCode: 0, durationMs: 7 },
});
