import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { AnswerApproval, ApprovalList, ApprovalView, Commands, ListApprovals, Queries } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { NotFound } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { bodySchema, Operation } from '../openapi/operation.decorator';
import { fittedWith, type JsonObject } from './contract.pipe';
import { PositionAnswer } from './edge.contracts';
import { IdPipe, JsonPipe, queryOf } from './edge.pipes';
import { Admitted } from './request-context';

/** Questions that wait for somebody's answer. Who may give it, the scheduler decides: it knows whom the question asks. */
@Controller('v1/projects/:project/approvals')
export class ApprovalsController {
  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Questions, the oldest first; open ones unless `open` is false.', query: ListApprovals, answer: ApprovalList })
  @Get()
  list(@Param('project') project: string, @Query(queryOf(ListApprovals)) query: ListApprovals): Promise<ApprovalList> {
    return this.owners.query(Queries.ListApprovals, project, query);
  }

  @Operation({ summary: 'One question, and its answer.', answer: ApprovalView })
  @Get(':approvalId')
  async get(@Param('project') project: string, @Param('approvalId', IdPipe) approvalId: string): Promise<ApprovalView> {
    const { approval } = await this.owners.query(Queries.GetApproval, project, { approvalId });
    if (!approval) throw new NotFound('unknown-approval', `There is no approval "${approvalId}".`);
    return approval;
  }

  @Operation({
    summary: 'Answers a question: people, project managers and orchestrators may, and whom it was escalated to. The first answer holds.',
    status: 202,
    body: bodySchema(AnswerApproval, { without: ['approvalId'] }),
    answer: PositionAnswer,
    idempotent: true,
  })
  @Post(':approvalId/answer')
  answer(
    @Admitted() admission: Admission,
    @Param('approvalId', IdPipe) approvalId: string,
    @Body(JsonPipe) body: JsonObject,
  ): Promise<PositionAnswer> {
    const data = fittedWith(AnswerApproval, body, { approvalId }, this.config);
    return this.owners.command(Commands.AnswerApproval, admission, data);
  }
}
