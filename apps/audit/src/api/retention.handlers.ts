import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { ApplyRetention, LogTrimmed, RetentionOutcome, RetentionView, TrimLog } from '@torch/contracts';
import { type AuditState, retentionView } from '@torch/domain-audit';
import type { Reading } from '@torch/host';
import { HotLog } from '../adapters/hot-log.adapter';
import { Retention } from '../adapters/retention.adapter';

/** What is asked of audit about what is kept. */
@Controller()
export class RetentionHandlers {
  constructor(
    private readonly retention: Retention,
    private readonly hotLog: HotLog,
  ) {}

  @MessagePattern('GetRetention')
  getRetention(@Ctx() { state }: Reading<AuditState>): RetentionView {
    return retentionView(state.retention);
  }

  @MessagePattern('TrimLog')
  trimLog(@Payload() { belowSeq }: TrimLog, @Ctx() { partition }: Reading): Promise<LogTrimmed> {
    return this.hotLog.trim(partition, belowSeq);
  }

  /** Speaks for the partition that was asked about. Answers at once, and how it went when it is asked again: pruning may take longer than anybody waits. */
  @MessagePattern('ApplyRetention')
  applyRetention(@Payload() { pruningId, dryRun }: ApplyRetention, @Ctx() { partition }: Reading): RetentionOutcome {
    return this.retention.asked(partition, pruningId, dryRun);
  }
}
