import type { ScheduleList } from '@torch/contracts';
import { present } from '@torch/kernel';
import type { SchedulerState } from '../scheduler.state';

/** By id. */
export function listSchedules({ schedules }: SchedulerState): ScheduleList {
  return {
    schedules: schedules
      .all()
      .map(({ definition, nextAtMs, lastRunId, lastFiredAtMs }) => present({ ...definition, nextAtMs, lastRunId, lastFiredAtMs })),
  };
}
