import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  type AgentFound,
  type AgentList,
  commandTypesOf,
  type GetAgent,
  type Heartbeat,
  type HeartbeatAnswer,
  type HeartbeatAnswers,
  type ListAgents,
  type NoteHeartbeats,
  type ProjectView,
} from '@torch/contracts';
import { getAgent, heartbeatAnswer, listAgents, projectView, type RegistryState } from '@torch/domain-registry';
import type { Decision, Reading, Turn } from '@torch/host';
import type { AnyCommand } from '@torch/kernel';
import { PresenceWatch } from '../adapters/presence-watch.adapter';

/** What is asked of the registry over the log's transport. */
@Controller()
export class RegistryHandlers {
  constructor(private readonly watch: PresenceWatch) {}

  @MessagePattern(commandTypesOf('registry'))
  decide(@Payload() command: AnyCommand, @Ctx() turn: Turn<RegistryState>): Decision {
    return turn.decide(command);
  }

  @MessagePattern('ListAgents')
  listAgents(@Payload() query: ListAgents, @Ctx() reading: Reading<RegistryState>): AgentList {
    return listAgents(reading.state, query, this.watch.seen(reading));
  }

  @MessagePattern('GetAgent')
  getAgent(@Payload() query: GetAgent, @Ctx() reading: Reading<RegistryState>): AgentFound {
    return getAgent(reading.state, query, this.watch.seen(reading));
  }

  @MessagePattern('GetProject')
  getProject(@Ctx() { state }: Reading<RegistryState>): ProjectView {
    return projectView(state);
  }

  /** A question that leaves a trace: when the agent was last seen, and how. Nothing of it is in the log. */
  @MessagePattern('Heartbeat')
  heartbeat(@Payload() heartbeat: Heartbeat, @Ctx() reading: Reading<RegistryState>): HeartbeatAnswer {
    const answer = heartbeatAnswer(reading.state, heartbeat);
    if (answer.known) this.watch.saw(reading, heartbeat);
    return answer;
  }

  @MessagePattern('NoteHeartbeats')
  heartbeats(@Payload() { heartbeats }: NoteHeartbeats, @Ctx() reading: Reading<RegistryState>): HeartbeatAnswers {
    return { answers: heartbeats.map((heartbeat) => this.heartbeat(heartbeat, reading)) };
  }
}
