import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  commandTypesOf,
  type GetRun,
  type GetTask,
  type ListAgentWork,
  type ListRuns,
  type ListTasks,
  type RunFound,
  type RunList,
  type TaskFound,
  type TaskList,
} from '@torch/contracts';
import { listAgentWork, listRuns, listTasks, runView, type SchedulerState, taskView } from '@torch/domain-scheduler';
import type { Decision, Reading, Turn } from '@torch/host';
import type { AnyCommand } from '@torch/kernel';

/** What is asked of the scheduler over the log's transport. */
@Controller()
export class SchedulerHandlers {
  @MessagePattern(commandTypesOf('scheduler'))
  decide(@Payload() command: AnyCommand, @Ctx() turn: Turn<SchedulerState>): Decision {
    return turn.decide(command);
  }

  @MessagePattern('GetTask')
  getTask(@Payload() { taskId }: GetTask, @Ctx() { state }: Reading<SchedulerState>): TaskFound {
    return { task: taskView(state, taskId) };
  }

  @MessagePattern('ListTasks')
  listTasks(@Payload() query: ListTasks, @Ctx() { state }: Reading<SchedulerState>): TaskList {
    return listTasks(state, query);
  }

  @MessagePattern('GetRun')
  getRun(@Payload() { runId }: GetRun, @Ctx() { state }: Reading<SchedulerState>): RunFound {
    return { run: runView(state, runId) };
  }

  @MessagePattern('ListRuns')
  listRuns(@Payload() query: ListRuns, @Ctx() { state }: Reading<SchedulerState>): RunList {
    return listRuns(state, query);
  }

  @MessagePattern('ListAgentWork')
  listAgentWork(@Payload() query: ListAgentWork, @Ctx() { state }: Reading<SchedulerState>): TaskList {
    return listAgentWork(state, query);
  }
}
