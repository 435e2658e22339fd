import { Body, Controller, Delete, Get, Inject, Param, Put } from '@nestjs/common';
import {
  Commands,
  Queries,
  ScheduleList,
  ScheduleView,
  secretProblems,
  type SetSchedule,
  taskProblems,
  taskSpecOf,
} from '@torch/contracts';
import type { Admission } from '@torch/host';
import { NotFound } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { Operation } from '../openapi/operation.decorator';
import { invalid } from './contract.pipe';
import { PositionAnswer } from './edge.contracts';
import { bodyOf, IdPipe } from './edge.pipes';
import { Admitted } from './request-context';
import { ScheduleBody } from './rules.contracts';

/** Tasks that come again and again. */
@Controller('v1/projects/:project/schedules')
export class SchedulesController {
  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Schedules, and when each is next.', answer: ScheduleList })
  @Get()
  list(@Param('project') project: string): Promise<ScheduleList> {
    return this.owners.query(Queries.ListSchedules, project, {});
  }

  @Operation({ summary: 'One schedule.', answer: ScheduleView })
  @Get(':scheduleId')
  async get(@Param('project') project: string, @Param('scheduleId', IdPipe) scheduleId: string): Promise<ScheduleView> {
    const { schedules } = await this.list(project);
    const found = schedules.find((schedule) => schedule.scheduleId === scheduleId);
    if (!found) throw new NotFound('unknown-schedule', `There is no schedule "${scheduleId}".`);
    return found;
  }

  @Operation({
    summary: 'Sets a schedule, in place of the one of the same id.',
    body: ScheduleBody,
    answer: PositionAnswer,
    idempotent: true,
  })
  @Put(':scheduleId')
  set(
    @Admitted() admission: Admission,
    @Param('scheduleId', IdPipe) scheduleId: string,
    @Body(bodyOf(ScheduleBody)) body: ScheduleBody,
  ): Promise<PositionAnswer> {
    this.check(body);
    return this.owners.command(Commands.SetSchedule, admission, setSchedule(scheduleId, body));
  }

  @Operation({ summary: 'Ends a schedule; runs that it has started go on.', answer: PositionAnswer, idempotent: true })
  @Delete(':scheduleId')
  remove(@Admitted() admission: Admission, @Param('scheduleId', IdPipe) scheduleId: string): Promise<PositionAnswer> {
    return this.owners.command(Commands.RemoveSchedule, admission, { scheduleId });
  }

  /** @throws RequestInvalid naming every problem of the task. */
  private check(body: ScheduleBody): void {
    const { task } = body;
    const once = ONCE.filter((field) => task[field] !== undefined).map((field) => ({
      pointer: `/task/${field}`,
      message: `"${field}" holds for one run, and not for a task that comes again and again: leave it out.`,
    }));
    const ofTask = taskProblems(task).map(({ pointer, message }) => ({ pointer: `/task${pointer}`, message }));
    const problems = [...once, ...ofTask, ...secretProblems(ScheduleBody, body)];
    if (problems.length > 0) throw invalid(problems, this.config);
  }
}

const ONCE = ['dependsOn', 'after', 'notBefore'] as const;

/** The scheduler gives every run's task an id of its own. */
function setSchedule(scheduleId: string, { task, ...times }: ScheduleBody): SetSchedule {
  const surroundings = { taskId: () => scheduleId, hasKey: () => false, nowMs: 0 };
  return { scheduleId, ...times, task: taskSpecOf(task, surroundings) };
}
