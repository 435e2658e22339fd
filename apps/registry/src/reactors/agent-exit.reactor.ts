import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { AgentExited } from '@torch/contracts';
import type { RegistryState } from '@torch/domain-registry';
import type { OwnCommand, Turn } from '@torch/host';
import type { EventEnvelope } from '@torch/kernel';

/** What is read for this reaction alone. */
export const EXITS = ['agent.exited'];

/** The spawner saw a process end: its agent is lost at once, instead of after a silence. */
@Controller()
export class AgentExitReactor {
  /** A spawned agent registers with its spawn id as instance, so that the end of an older process says nothing about a newer one. */
  @EventPattern(EXITS)
  onAgentExited(@Payload() { data }: EventEnvelope<'agent.exited', AgentExited>, @Ctx() { state }: Turn<RegistryState>): OwnCommand[] {
    const { agentId, spawnId, reason } = data;
    const agent = state.agents.get(agentId);
    if (agent?.instance !== spawnId) return [];
    const lost = { agentId, instance: spawnId, reason: `Its process ended: ${reason}`.slice(0, 1000), lastSeenAtMs: agent.lastSeenAtMs };
    return [{ type: 'LoseAgent', data: lost }];
  }
}
