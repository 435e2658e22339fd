import type { PlanTask, ScheduleList, ScheduleView, SetSchedule } from '@torch/contracts';
import type { Written } from './gateway.answers';
import type { RequestOptions } from './gateway.transport';
import type { ProjectRoutes } from './project.routes';

/** When and how often, and the task of every run. */
export type ScheduleBody = Omit<SetSchedule, 'scheduleId' | 'task'> & { readonly task: PlanTask };

/** Tasks that come again and again. */
export class SchedulesClient {
  constructor(private readonly routes: ProjectRoutes) {}

  list(options?: RequestOptions): Promise<ScheduleList> {
    return this.routes.read('/schedules', {}, options);
  }

  /** @throws GatewayProblem 404 `unknown-schedule`. */
  get(scheduleId: string, options?: RequestOptions): Promise<ScheduleView> {
    return this.routes.read(pathOf(scheduleId), {}, options);
  }

  /** Replaces the schedule of the same id. */
  set(scheduleId: string, schedule: ScheduleBody, options?: RequestOptions): Promise<Written> {
    return this.routes.write('PUT', pathOf(scheduleId), schedule, options);
  }

  /** Runs that it has started go on. */
  remove(scheduleId: string, options?: RequestOptions): Promise<Written> {
    return this.routes.write('DELETE', pathOf(scheduleId), {}, options);
  }
}

const pathOf = (scheduleId: string): string => `/schedules/${encodeURIComponent(scheduleId)}`;
