import { Controller, Inject, Post } from '@nestjs/common';
import { ChainVerdict, hostQueries, type PartitionVerdict, Queries } from '@torch/contracts';
import type { Principal } from '@torch/platform';
import { Deadline, Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { Operation } from '../openapi/operation.decorator';
import { requirePerson } from './principal';
import { Caller } from './request-context';

@Controller('v1/audit')
export class AuditController {
  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Checks the chain of every partition against its hashes and against the log.', answer: ChainVerdict })
  @Post('verify')
  async verify(@Caller() caller: Principal): Promise<ChainVerdict> {
    requirePerson(caller, 'verify the chain');
    await this.assertAuditIsThere();
    const deadline = new Deadline(this.config.verifyDeadlineMs);
    const verdicts = await Promise.all(
      this.owners.partitions.map((partition) => this.owners.queryPartition(Queries.VerifyChain, partition, {}, deadline)),
    );
    // An instance may speak for more partitions than it was asked about.
    const byPartition = new Map<number, PartitionVerdict>(
      verdicts.flatMap(({ partitions }) => partitions.map((verdict) => [verdict.partition, verdict] as const)),
    );
    const partitions = [...byPartition.values()].sort((a, b) => a.partition - b.partition);
    return { ok: partitions.length === this.owners.partitions.length && partitions.every(({ ok }) => ok), partitions };
  }

  /** Checking may take minutes; that nobody is there to do it is said at once. */
  private async assertAuditIsThere(): Promise<void> {
    const deadline = this.owners.deadline();
    await Promise.all(
      this.owners.partitions.map((partition) => this.owners.queryPartition(hostQueries.getOwner('audit'), partition, {}, deadline)),
    );
  }
}
