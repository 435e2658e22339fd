import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type ReactedTo, reactionTo, type SpawnerState } from '@torch/domain-spawner';
import type { OwnCommand, Turn } from '@torch/host';

/** What is read for a reaction alone. */
export const LOSSES = ['agent.lost'];

/** A run's pools end with it, and the process of a lost agent is stopped. */
@Controller()
export class PoolReactor {
  @EventPattern('run.ended')
  onRunEnded(@Payload() event: ReactedTo, @Ctx() { state }: Turn<SpawnerState>): readonly OwnCommand[] {
    return reactionTo(event, state);
  }

  @EventPattern(LOSSES)
  onAgentLost(@Payload() event: ReactedTo, @Ctx() { state }: Turn<SpawnerState>): readonly OwnCommand[] {
    return reactionTo(event, state);
  }
}
