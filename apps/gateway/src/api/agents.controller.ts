import { Body, Controller, Delete, Get, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import { AgentList, AgentView, HeartbeatAnswer, ListAgents, RegisterAgent } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { NotFound, type Principal } from '@torch/platform';
import type { FastifyReply } from 'fastify';
import { OpenStreams } from '../adapters/open-streams.adapter';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { bodySchema, Operation } from '../openapi/operation.decorator';
import { AgentStreams } from '../reactors/agent-streams.reactor';
import { fittedWith, type JsonObject } from './contract.pipe';
import { Commands, Queries } from './contract-names';
import { HeartbeatBody, PositionAnswer, ReasonBody, StreamQuery } from './edge.contracts';
import { bodyOf, IdPipe, JsonPipe, queryOf } from './edge.pipes';
import { requirePerson } from './principal';
import { Admitted, Caller } from './request-context';

@Controller('v1/projects/:project/agents')
export class AgentsController {
  constructor(
    private readonly owners: Owners,
    private readonly streams: AgentStreams,
    private readonly open: OpenStreams,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Agents by id.', query: ListAgents, answer: AgentList })
  @Get()
  list(@Param('project') project: string, @Query(queryOf(ListAgents)) query: ListAgents): Promise<AgentList> {
    return this.owners.query(Queries.ListAgents, project, query);
  }

  @Operation({ summary: 'One agent.', answer: AgentView })
  @Get(':agentId')
  async get(@Param('project') project: string, @Param('agentId', IdPipe) agentId: string): Promise<AgentView> {
    const { agent } = await this.owners.query(Queries.GetAgent, project, { agentId });
    if (!agent) throw new NotFound('unknown-agent', `There is no agent "${agentId}".`);
    return agent;
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
    const { position } = await this.owners.command(
      Commands.RegisterAgent,
      admission,
      fittedWith(RegisterAgent, body, { agentId }, this.config),
    );
    return { position };
  }

  @Operation({ summary: 'The agent leaves for good.', status: 202, body: ReasonBody, answer: PositionAnswer, idempotent: true })
  @Delete(':agentId')
  async deregister(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(bodyOf(ReasonBody)) { reason }: ReasonBody,
  ): Promise<PositionAnswer> {
    caller.requireAgent(agentId);
    const { position } = await this.owners.command(Commands.DeregisterAgent, admission, {
      agentId,
      reason: reason ?? `Deregistered by ${admission.actor}.`,
    });
    return { position };
  }

  @Operation({ summary: "Stops an agent's process.", status: 202, body: ReasonBody, answer: PositionAnswer, idempotent: true })
  @Post(':agentId/stop')
  async stop(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('agentId', IdPipe) agentId: string,
    @Body(bodyOf(ReasonBody)) { reason }: ReasonBody,
  ): Promise<PositionAnswer> {
    requirePerson(caller, 'stop agents');
    const { position } = await this.owners.command(Commands.StopAgent, admission, {
      agentId,
      reason: reason ?? `Stopped by ${admission.actor}.`,
    });
    return { position };
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
    return this.owners.query(Queries.Heartbeat, project, { agentId, instance });
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
}
