import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { reactionTo, type SchedulerState } from '@torch/domain-scheduler';
import type { OwnCommand, Turn } from '@torch/host';
import type { AnyEvent } from '@torch/kernel';

/** An agent that is lost, gone or replaced leaves attempts behind: they are ended here, and their tasks requeued. */
@Controller()
export class AgentReactor {
  @EventPattern('agent.lost')
  onLost(@Payload() event: AnyEvent, @Ctx() { state }: Turn<SchedulerState>): readonly OwnCommand[] {
    return reactionTo(event, state);
  }

  @EventPattern('agent.deregistered')
  onDeregistered(@Payload() event: AnyEvent, @Ctx() { state }: Turn<SchedulerState>): readonly OwnCommand[] {
    return reactionTo(event, state);
  }

  @EventPattern('agent.registered')
  onRegistered(@Payload() event: AnyEvent, @Ctx() { state }: Turn<SchedulerState>): readonly OwnCommand[] {
    return reactionTo(event, state);
  }
}
