import type { ScheduleEvent, ScheduleFired, ScheduleSet } from '@torch/contracts';
import { invariant } from '@torch/kernel';
import type { Facts } from '../rules';
import type { SchedulerState } from '../scheduler.state';
import type { Schedule } from './schedules.state';

export const scheduleFacts: Facts<ScheduleEvent> = {
  'schedule.set': (state, { data, actor }) => onSet(state, data, actor),
  'schedule.removed': ({ schedules }, { data }) => schedules.remove(data.scheduleId),
  'schedule.fired': (state, { data }) => onFired(state, data),
};

function onSet({ schedules }: SchedulerState, { nextAtMs, setAtMs: _said, ...definition }: ScheduleSet, setBy: string): void {
  const before = schedules.byId.get(definition.scheduleId);
  const { scheduleId, cron, timeZone = 'UTC', overlap = 'skip', missed = 'once', paused = false, task } = definition;
  schedules.put({
    definition: { scheduleId, cron, timeZone, overlap, missed, paused, task },
    setBy,
    nextAtMs,
    lastRunId: before?.lastRunId,
    lastFiredAtMs: before?.lastFiredAtMs,
    runIds: before?.runIds ?? [],
    heapIndex: -1,
  });
}

/** The run itself comes behind this event. */
function onFired(state: SchedulerState, { scheduleId, runId, nextAtMs, firedAtMs }: ScheduleFired): void {
  const schedule = state.schedules.byId.get(scheduleId);
  invariant(schedule, `Schedule ${scheduleId} fired, which no event has set.`);
  state.schedules.setNext(schedule, nextAtMs);
  if (runId === undefined) return;
  schedule.runIds = [...openRuns(state, schedule), runId];
  schedule.lastRunId = runId;
  schedule.lastFiredAtMs = firedAtMs;
}

/** Of the schedule's runs, those that have not ended; the oldest first. */
export function openRuns({ runs }: SchedulerState, { runIds }: Schedule): readonly string[] {
  return runIds.filter((id) => (runs.get(id)?.open ?? 0) > 0);
}
