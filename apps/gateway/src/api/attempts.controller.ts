import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import {
  type CommandContract,
  Commands,
  CompleteTask,
  type DataOf,
  FailTask,
  RecordFencedAttempt,
  ReportProgress,
  RequestApproval,
  StartTask,
} from '@torch/contracts';
import type { Admission } from '@torch/host';
import type { Principal } from '@torch/platform';
import { AgentEvidence } from '../adapters/agent-evidence.adapter';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { bodySchema, Operation } from '../openapi/operation.decorator';
import { derivedId } from './admission';
import { fittedWith, type JsonObject } from './contract.pipe';
import { PositionAnswer } from './edge.contracts';
import { AttemptPipe, IdPipe, JsonPipe } from './edge.pipes';
import { actingAgent } from './principal';
import { Admitted, Caller } from './request-context';
import { ApprovalAsked } from './rules.contracts';

const FROM_PATH = { without: ['taskId', 'attempt'], optional: ['agentId'] };
const WRITE = { status: 202, answer: PositionAnswer, idempotent: true } as const;

/** One attempt, as its path and the caller's token name it. */
interface Attempt {
  readonly taskId: string;
  readonly attempt: number;
}

/** What agents report of their attempts. A person's token may report for any agent, and then names it as `agentId`. */
@Controller('v1/projects/:project/tasks/:taskId/attempts/:attempt')
export class AttemptsController {
  constructor(
    private readonly owners: Owners,
    private readonly evidence: AgentEvidence,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'The agent has begun.', body: bodySchema(StartTask, FROM_PATH), ...WRITE })
  @Post('start')
  start(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('taskId', IdPipe) taskId: string,
    @Param('attempt', AttemptPipe) attempt: number,
    @Body(JsonPipe) body: JsonObject,
  ) {
    return this.report(Commands.StartTask, admission, caller, { taskId, attempt }, body);
  }

  @Operation({ summary: 'The agent is at it.', body: bodySchema(ReportProgress, FROM_PATH), ...WRITE })
  @Post('progress')
  progress(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('taskId', IdPipe) taskId: string,
    @Param('attempt', AttemptPipe) attempt: number,
    @Body(JsonPipe) body: JsonObject,
  ) {
    return this.report(Commands.ReportProgress, admission, caller, { taskId, attempt }, body);
  }

  @Operation({ summary: 'The attempt has succeeded.', body: bodySchema(CompleteTask, FROM_PATH), ...WRITE })
  @Post('complete')
  complete(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('taskId', IdPipe) taskId: string,
    @Param('attempt', AttemptPipe) attempt: number,
    @Body(JsonPipe) body: JsonObject,
  ) {
    return this.report(Commands.CompleteTask, admission, caller, { taskId, attempt }, body);
  }

  @Operation({ summary: 'The attempt has failed.', body: bodySchema(FailTask, FROM_PATH), ...WRITE })
  @Post('fail')
  fail(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('taskId', IdPipe) taskId: string,
    @Param('attempt', AttemptPipe) attempt: number,
    @Body(JsonPipe) body: JsonObject,
  ) {
    return this.report(Commands.FailTask, admission, caller, { taskId, attempt }, body);
  }

  @Operation({
    summary: 'The agent held an attempt that was not among the open ones of its stream, and has stopped it.',
    body: bodySchema(RecordFencedAttempt, FROM_PATH),
    ...WRITE,
  })
  @Post('fenced')
  fenced(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('taskId', IdPipe) taskId: string,
    @Param('attempt', AttemptPipe) attempt: number,
    @Body(JsonPipe) body: JsonObject,
  ) {
    return this.report(Commands.RecordFencedAttempt, admission, caller, { taskId, attempt }, body);
  }

  @Operation({
    summary: 'The agent asks people while it works; asked again under the same approvalId, it changes nothing.',
    body: bodySchema(RequestApproval, { ...FROM_PATH, optional: ['agentId', 'approvalId'] }),
    status: 202,
    answer: ApprovalAsked,
    idempotent: true,
  })
  @Post('approvals')
  async ask(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('taskId', IdPipe) taskId: string,
    @Param('attempt', AttemptPipe) attempt: number,
    @Body(JsonPipe) body: JsonObject,
  ): Promise<ApprovalAsked> {
    const approvalId = (body.approvalId ?? derivedId('approval', admission.idempotencyId)) as string;
    const { position } = await this.report(Commands.RequestApproval, admission, caller, { taskId, attempt }, { ...body, approvalId });
    return { approvalId, position };
  }

  private async report<C extends CommandContract<string, Attempt & { agentId: string }>>(
    contract: C,
    admission: Admission,
    caller: Principal,
    attempt: Attempt,
    { agentId: named, ...body }: JsonObject,
  ): Promise<PositionAnswer> {
    const data = fittedWith(contract.data, body, { ...attempt, agentId: actingAgent(caller, named) }, this.config);
    const committed = await this.owners.command(contract, admission, data as DataOf<C>);
    if (caller.agentId !== undefined) this.evidence.reported(admission.project, caller.agentId);
    return committed;
  }
}
