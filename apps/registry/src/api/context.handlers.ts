import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type {
  CompareContext,
  ContextComparison,
  ContextFound,
  ContextHistory,
  ContextList,
  GetContext,
  GetContextHistory,
  ListContext,
} from '@torch/contracts';
import { compareContext, getContext, getContextHistory, listContext, type RegistryState } from '@torch/domain-registry';
import type { Reading } from '@torch/host';

/** What is asked of the documents that a project's agents share. */
@Controller()
export class ContextHandlers {
  @MessagePattern('GetContext')
  getContext(@Payload() query: GetContext, @Ctx() { state }: Reading<RegistryState>): ContextFound {
    return getContext(state, query);
  }

  @MessagePattern('ListContext')
  listContext(@Payload() query: ListContext, @Ctx() { state }: Reading<RegistryState>): ContextList {
    return listContext(state, query);
  }

  @MessagePattern('GetContextHistory')
  getContextHistory(@Payload() query: GetContextHistory, @Ctx() { state }: Reading<RegistryState>): ContextHistory {
    return getContextHistory(state, query);
  }

  @MessagePattern('CompareContext')
  compareContext(@Payload() query: CompareContext, @Ctx() { state }: Reading<RegistryState>): ContextComparison {
    return compareContext(state, query);
  }
}
