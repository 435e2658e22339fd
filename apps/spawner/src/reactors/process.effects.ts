import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { AgentSpawnRequested, AgentStopRequested } from '@torch/contracts';
import { processToRun, type SpawnerState } from '@torch/domain-spawner';
import { EFFECT, type EffectContext, type PlacedEvent } from '@torch/host';
import { ProcessWatch } from './process.watch';

/** Starts and stops processes once the log says so. Both may be asked for twice, and long after they are over. */
@Controller()
export class ProcessEffects {
  constructor(private readonly watch: ProcessWatch) {}

  @EventPattern('agent.spawn-requested', EFFECT)
  async start(@Payload() event: PlacedEvent, @Ctx() context: EffectContext<SpawnerState>): Promise<void> {
    const { agentId, spawnId } = event.data as AgentSpawnRequested;
    const wanted = processToRun(context.state(), agentId, spawnId);
    if (wanted?.process.state === 'requested') await this.watch.start(event.project, wanted, (command) => context.submit(command));
  }

  /** Ends in the background: what the log asks for next does not wait for a process that takes its time. */
  @EventPattern('agent.stop-requested', EFFECT)
  stop(@Payload() event: PlacedEvent, @Ctx() context: EffectContext<SpawnerState>): Promise<void> {
    const { agentId, spawnId, reason } = event.data as AgentStopRequested;
    if (processToRun(context.state(), agentId, spawnId)) this.watch.stop(agentId, spawnId, reason);
    return Promise.resolve();
  }
}
