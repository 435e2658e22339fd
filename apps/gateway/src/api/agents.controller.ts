import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { AgentList, Commands, HeartbeatAnswer, ListAgents, PauseAgent, Queries, RegisterAgent, UpdateAgent } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { Forbidden, NotFound, type Principal } from '@torch/platform';
import type { FastifyReply } from 'fastify';
import { AgentEvidence } from '../adapters/agent-evidence.adapter';
import { OpenStreams } from '../adapters/open-streams.adapter';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { bodySchema, Operation } from '../openapi/operation.decorator';
import { AgentStreams } from '../reactors/agent-streams.reactor';
import { fittedWith, type JsonObject } from './contract.pipe';
import { HeartbeatBody, PositionAnswer, ReasonBody, StreamQuery } from './edge.contracts';
import { bodyOf, IdPipe, JsonPipe, queryOf } from './edge.pipes';
import { requirePerson } from './principal';
import { Admitted, Caller } from './request-context';
import { AgentAnswer } from './rules.contracts';

@Controller('v1/projects/:project/agents')
export class AgentsController {
  constructor(
    private readonly owners: Owners,
    private readonly streams: AgentStreams,
    private readonly evidence: AgentEvidence,
    private readonly open: OpenStreams,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Agents by id, or with `order=score` the best record first.', query: ListAgents, answer: AgentList })
  @Get()
  list(@Param('project') project: string, @Query(queryOf(ListAgents)) query: ListAgents): Promise<AgentList> {
    return this.owners.query(Queries.ListAgents, project, query);
  }

  @Operation({ summary: 'One agent, how its attempts went, and when it was seen.', answer: AgentAnswer })
  @Get(':agentId')
  async get(@Param('project') project: string, @Param('agentId', IdPipe) agentId: string): Promise<AgentAnswer> {
    const { agent, record, seen } = await this.owners.query(Queries.GetAgent, project, { agentId });
    if (!agent) throw new NotFound('unknown-agent', `There is no agent "${agentId}".`);
    return { ...agent, ...(record && { record }), ...(seen && { seen }) };
  }

  @Operation({
    summary: 'Registers an agent, or its next instance.',
    body: bodySchema(RegisterAgent, { without: ['agentId'] }),
    answer: PositionAnswer,
    idempotent: true,
  })
  @Put(':agentId')
  async register(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(JsonPipe) body: JsonObject,
  ): Promise<PositionAnswer> {
    caller.requireAgent(agentId);
    const agent = fittedWith(RegisterAgent, body, { agentId }, this.config);
    if (caller.agentId !== undefined) await this.requireSameRole(admission.project, agent);
    return this.owners.command(Commands.RegisterAgent, admission, agent);
  }

  @Operation({
    summary: 'Changes what an agent can do, while it works; absent fields stay as they are.',
    body: bodySchema(UpdateAgent, { without: ['agentId'] }),
    answer: PositionAnswer,
    idempotent: true,
  })
  @Patch(':agentId')
  update(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(JsonPipe) body: JsonObject,
  ): Promise<PositionAnswer> {
    caller.requireAgent(agentId);
    return this.owners.command(Commands.UpdateAgent, admission, fittedWith(UpdateAgent, body, { agentId }, this.config));
  }

  @Operation({
    summary: 'The agent finishes what it has and gets nothing new, until it registers again.',
    status: 202,
    body: ReasonBody,
    answer: PositionAnswer,
    idempotent: true,
  })
  @Post(':agentId/drain')
  drain(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(bodyOf(ReasonBody)) { reason }: ReasonBody,
  ): Promise<PositionAnswer> {
    caller.requireAgent(agentId);
    return this.owners.command(Commands.DrainAgent, admission, {
      agentId,
      reason: reason ?? `Drained by ${admission.actor}.`,
    });
  }

  @Operation({
    summary: 'The agent cannot go on for now, and gets nothing new; without `pause` it can again.',
    status: 202,
    body: bodySchema(PauseAgent, { without: ['agentId'] }),
    answer: PositionAnswer,
    idempotent: true,
  })
  @Post(':agentId/pause')
  pause(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(JsonPipe) body: JsonObject,
  ): Promise<PositionAnswer> {
    caller.requireAgent(agentId);
    return this.owners.command(Commands.PauseAgent, admission, fittedWith(PauseAgent, body, { agentId }, this.config));
  }

  @Operation({ summary: 'The agent leaves for good.', status: 202, body: ReasonBody, answer: PositionAnswer, idempotent: true })
  @Delete(':agentId')
  deregister(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(bodyOf(ReasonBody)) { reason }: ReasonBody,
  ): Promise<PositionAnswer> {
    caller.requireAgent(agentId);
    return this.owners.command(Commands.DeregisterAgent, admission, {
      agentId,
      reason: reason ?? `Deregistered by ${admission.actor}.`,
    });
  }

  @Operation({ summary: "Stops an agent's process.", status: 202, body: ReasonBody, answer: PositionAnswer, idempotent: true })
  @Post(':agentId/stop')
  stop(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(bodyOf(ReasonBody)) { reason }: ReasonBody,
  ): Promise<PositionAnswer> {
    requirePerson(caller, 'stop agents');
    return this.owners.command(Commands.StopAgent, admission, {
      agentId,
      reason: reason ?? `Stopped by ${admission.actor}.`,
    });
  }

  @Operation({ summary: 'The agent is alive.', body: HeartbeatBody, answer: HeartbeatAnswer })
  @Post(':agentId/heartbeat')
  heartbeat(
    @Param('project') project: string,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(bodyOf(HeartbeatBody)) { instance }: HeartbeatBody,
  ): Promise<HeartbeatAnswer> {
    caller.requireAgent(agentId);
    return this.evidence.heartbeat(project, { agentId, instance });
  }

  @Operation({
    summary: 'What there is for an agent (server-sent events): everything open, then what comes.',
    query: StreamQuery,
    media: 'text/event-stream',
  })
  @Get(':agentId/stream')
  async stream(
    @Param('project') project: string,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Query(queryOf(StreamQuery)) { instance }: StreamQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    caller.requireAgent(agentId);
    await this.streams.open({ project, agentId, instance }, this.open.sse(reply, `agent ${agentId} of project ${project}`));
  }

  /** Roles carry authority: whoever has one once does not take another by itself. */
  private async requireSameRole(project: string, { agentId, role }: RegisterAgent): Promise<void> {
    const { agent } = await this.owners.query(Queries.GetAgent, project, { agentId });
    if (agent && agent.role !== role)
      throw new Forbidden(`Agent "${agentId}" has role "${agent.role}" and may not make itself "${role}"; a person may.`);
  }
}
