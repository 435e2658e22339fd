import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { Commands, ListTasks, Queries, RedriveTasks, TaskExplained, TaskList, TaskView } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { NotFound } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { TaskHistory, type HistoryPage } from '../adapters/task-history.adapter';
import { CLOUD_EVENT_PAGE } from '../openapi/cloud-event.schema';
import { Operation } from '../openapi/operation.decorator';
import { HistoryQuery, PositionAnswer } from './edge.contracts';
import { bodyOf, IdPipe, queryOf } from './edge.pipes';
import { Admitted } from './request-context';
import { CancelTaskBody, PriorityBody } from './rules.contracts';

@Controller('v1/projects/:project/tasks')
export class TasksController {
  constructor(
    private readonly owners: Owners,
    private readonly histories: TaskHistory,
  ) {}

  @Operation({ summary: 'Tasks in order of submission.', query: ListTasks, answer: TaskList })
  @Get()
  list(@Param('project') project: string, @Query(queryOf(ListTasks)) query: ListTasks): Promise<TaskList> {
    return this.owners.query(Queries.ListTasks, project, query);
  }

  @Operation({ summary: 'One task.', answer: TaskView })
  @Get(':taskId')
  async get(@Param('project') project: string, @Param('taskId', IdPipe) taskId: string): Promise<TaskView> {
    const { task } = await this.owners.query(Queries.GetTask, project, { taskId });
    if (!task) throw new NotFound('unknown-task', `There is no task "${taskId}".`);
    return task;
  }

  @Operation({
    summary: 'Everything that the log says of a task; `next` goes on where a long answer ends.',
    query: HistoryQuery,
    answer: CLOUD_EVENT_PAGE,
  })
  @Get(':taskId/history')
  async history(
    @Param('project') project: string,
    @Param('taskId', IdPipe) taskId: string,
    @Query(queryOf(HistoryQuery)) { after }: HistoryQuery,
  ): Promise<HistoryPage> {
    const { submittedAtMs } = await this.get(project, taskId);
    const subject = { project, partition: this.owners.partitionOf(project), subject: `task/${taskId}` };
    return this.histories.page(subject, after === undefined ? { sinceMs: submittedAtMs } : { afterSeq: after });
  }

  @Operation({ summary: 'What the task waits for, or why it has the agent that it has.', answer: TaskExplained })
  @Get(':taskId/explain')
  async explain(@Param('project') project: string, @Param('taskId', IdPipe) taskId: string): Promise<TaskExplained> {
    const { explanation } = await this.owners.query(Queries.ExplainTask, project, { taskId });
    if (!explanation) throw new NotFound('unknown-task', `There is no task "${taskId}".`);
    return explanation;
  }

  @Operation({
    summary: 'Cancels a task; with `subtree` also everything that depends on it.',
    status: 202,
    body: CancelTaskBody,
    answer: PositionAnswer,
    idempotent: true,
  })
  @Post(':taskId/cancel')
  cancel(
    @Admitted() admission: Admission,
    @Param('taskId', IdPipe) taskId: string,
    @Body(bodyOf(CancelTaskBody)) { reason, subtree }: CancelTaskBody,
  ): Promise<PositionAnswer> {
    return this.owners.command(Commands.CancelTask, admission, {
      taskId,
      reason: reason ?? `Cancelled by ${admission.actor}.`,
      ...(subtree !== undefined && { subtree }),
    });
  }

  @Operation({ summary: 'Changes the priority of a task.', status: 202, body: PriorityBody, answer: PositionAnswer, idempotent: true })
  @Post(':taskId/priority')
  setPriority(
    @Admitted() admission: Admission,
    @Param('taskId', IdPipe) taskId: string,
    @Body(bodyOf(PriorityBody)) { priority }: PriorityBody,
  ): Promise<PositionAnswer> {
    return this.owners.command(Commands.ChangePriority, admission, { taskId, priority });
  }

  @Operation({
    summary: 'Takes dead letters up again: those named, or those that fit the filter, the oldest first.',
    status: 202,
    body: RedriveTasks,
    answer: PositionAnswer,
    idempotent: true,
  })
  @Post('redrive')
  redrive(@Admitted() admission: Admission, @Body(bodyOf(RedriveTasks)) which: RedriveTasks): Promise<PositionAnswer> {
    return this.owners.command(Commands.RedriveTasks, admission, which);
  }

  @Operation({ summary: 'Gives an ended task a fresh set of attempts.', status: 202, answer: PositionAnswer, idempotent: true })
  @Post(':taskId/retry')
  retry(@Admitted() admission: Admission, @Param('taskId', IdPipe) taskId: string): Promise<PositionAnswer> {
    return this.owners.command(Commands.RetryTask, admission, { taskId });
  }
}
