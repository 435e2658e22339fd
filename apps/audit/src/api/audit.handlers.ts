import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern } from '@nestjs/microservices';
import type { ChainVerdict } from '@torch/contracts';
import type { Reading } from '@torch/host';
import { ChainKeeper } from '../adapters/chain-keeper.adapter';

/** What is asked of audit over the log's transport. */
@Controller()
export class AuditHandlers {
  constructor(private readonly keeper: ChainKeeper) {}

  /** Speaks for the partition that was asked about. Takes as long as reading the whole chain does. */
  @MessagePattern('VerifyChain')
  async verifyChain(@Ctx() { partition }: Reading): Promise<ChainVerdict> {
    const verdict = await this.keeper.verify(partition);
    return { ok: verdict.ok, partitions: [verdict] };
  }
}
