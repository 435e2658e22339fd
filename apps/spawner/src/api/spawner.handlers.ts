import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { commandTypesOf, type PoolList } from '@torch/contracts';
import { listPools, type SpawnerState } from '@torch/domain-spawner';
import type { Decision, Reading, Turn } from '@torch/host';
import type { AnyCommand } from '@torch/kernel';

/** What is asked of the spawner over the log's transport. */
@Controller()
export class SpawnerHandlers {
  @MessagePattern(commandTypesOf('spawner'))
  decide(@Payload() command: AnyCommand, @Ctx() turn: Turn<SpawnerState>): Decision {
    return turn.decide(command);
  }

  @MessagePattern('ListPools')
  listPools(@Ctx() { state }: Reading<SpawnerState>): PoolList {
    return listPools(state);
  }
}
