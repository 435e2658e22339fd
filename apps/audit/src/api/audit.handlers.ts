import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { type ArchiveStatusFound, type ChainVerdict, commandTypesOf } from '@torch/contracts';
import type { AuditState } from '@torch/domain-audit';
import type { Decision, Reading, Turn } from '@torch/host';
import type { AnyCommand } from '@torch/kernel';
import { ChainKeeper } from '../adapters/chain-keeper.adapter';

/** What is asked of audit over the log's transport. */
@Controller()
export class AuditHandlers {
  constructor(private readonly keeper: ChainKeeper) {}

  @MessagePattern(commandTypesOf('audit'))
  decide(@Payload() command: AnyCommand, @Ctx() turn: Turn<AuditState>): Decision {
    return turn.decide(command);
  }

  /** Speaks for the partition that was asked about. */
  @MessagePattern('GetArchiveStatus')
  async archiveStatus(@Ctx() { partition }: Reading): Promise<ArchiveStatusFound> {
    return { partitions: [await this.keeper.status(partition)] };
  }

  /** Speaks for the partition that was asked about. Takes as long as reading the whole chain does. */
  @MessagePattern('VerifyChain')
  async verifyChain(@Ctx() { partition }: Reading): Promise<ChainVerdict> {
    const verdict = await this.keeper.verify(partition);
    return { ok: verdict.ok, partitions: [verdict] };
  }
}
