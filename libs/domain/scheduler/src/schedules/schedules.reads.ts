import type { ListSchedules, ScheduleList, ScheduleView } from '@torch/contracts';
import type { SchedulerState } from '../scheduler.state';

/** By id. */
export function listSchedules({ schedules }: SchedulerState, _query: ListSchedules = {}): ScheduleList {
  return {
    schedules: schedules.all().map(({ definition, nextAtMs, lastRunId, lastFiredAtMs }) => {
      const view: ScheduleView = { ...definition, nextAtMs, lastRunId, lastFiredAtMs };
      return Object.fromEntries(Object.entries(view).filter(([, value]) => value !== undefined)) as unknown as ScheduleView;
    }),
  };
}
