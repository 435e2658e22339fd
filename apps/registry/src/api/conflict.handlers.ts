import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { ConflictFound, ConflictList, GetConflict, ListConflicts } from '@torch/contracts';
import { getConflict, listConflicts, type RegistryState } from '@torch/domain-registry';
import type { Reading } from '@torch/host';

/** What is asked of a project's conflicts. */
@Controller()
export class ConflictHandlers {
  @MessagePattern('ListConflicts')
  listConflicts(@Payload() query: ListConflicts, @Ctx() { state }: Reading<RegistryState>): ConflictList {
    return listConflicts(state, query);
  }

  @MessagePattern('GetConflict')
  getConflict(@Payload() query: GetConflict, @Ctx() { state }: Reading<RegistryState>): ConflictFound {
    return getConflict(state, query);
  }
}
