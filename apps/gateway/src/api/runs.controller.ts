import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { Commands, ListRuns, Plan, Queries, RunList, RunView } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { NotFound } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { Operation } from '../openapi/operation.decorator';
import { PositionAnswer, ReasonBody, RunAccepted } from './edge.contracts';
import { bodyOf, IdPipe, queryOf } from './edge.pipes';
import { Admitted } from './request-context';
import { RunSubmission } from './run-submission';

@Controller('v1/projects/:project/runs')
export class RunsController {
  constructor(
    private readonly owners: Owners,
    private readonly submission: RunSubmission,
  ) {}

  @Operation({ summary: 'Submits a plan: all of its tasks, or none.', status: 202, body: Plan, answer: RunAccepted, idempotent: true })
  @Post()
  submit(@Admitted() admission: Admission, @Body(bodyOf(Plan)) plan: Plan): Promise<RunAccepted> {
    return this.submission.submit(admission, plan);
  }

  @Operation({ summary: 'Runs, newest first.', query: ListRuns, answer: RunList })
  @Get()
  list(@Param('project') project: string, @Query(queryOf(ListRuns)) query: ListRuns): Promise<RunList> {
    return this.owners.query(Queries.ListRuns, project, query);
  }

  @Operation({ summary: 'One run.', answer: RunView })
  @Get(':runId')
  async get(@Param('project') project: string, @Param('runId', IdPipe) runId: string): Promise<RunView> {
    const { run } = await this.owners.query(Queries.GetRun, project, { runId });
    if (!run) throw new NotFound('unknown-run', `There is no run "${runId}".`);
    return run;
  }

  @Operation({ summary: 'Cancels what a run has not finished.', status: 202, body: ReasonBody, answer: PositionAnswer, idempotent: true })
  @Post(':runId/cancel')
  cancel(
    @Admitted() admission: Admission,
    @Param('runId', IdPipe) runId: string,
    @Body(bodyOf(ReasonBody)) { reason }: ReasonBody,
  ): Promise<PositionAnswer> {
    return this.owners.command(Commands.CancelRun, admission, {
      runId,
      reason: reason ?? `Cancelled by ${admission.actor}.`,
    });
  }
}
