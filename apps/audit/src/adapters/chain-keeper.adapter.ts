import { join } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { PartitionVerdict } from '@torch/contracts';
import { LogTails, type OwnedPartition, type OwnershipHooks } from '@torch/host';
import { Rejection } from '@torch/kernel';
import type { LogServer } from '@torch/log';
import { LOG_SERVER, TORCH_ENV, type TorchEnv } from '@torch/platform';
import { AUDIT_CONFIG, type AuditConfig } from '../audit.config';
import { PartitionChain } from './partition-chain.adapter';

/** Keeps a chain for every partition that this instance owns. */
@Injectable()
export class ChainKeeper implements OwnershipHooks {
  private readonly logger = new Logger(ChainKeeper.name);
  private readonly chains = new Map<number, PartitionChain>();

  constructor(
    @Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'dataDir'>,
    @Inject(AUDIT_CONFIG) private readonly config: AuditConfig,
    @Inject(LOG_SERVER) private readonly server: Pick<LogServer, 'log'>,
    private readonly tails: LogTails,
  ) {}

  onOwned({ partition }: Pick<OwnedPartition, 'partition'>): void {
    const chain = new PartitionChain({
      partition,
      tails: this.tails,
      log: this.server.log,
      config: this.config,
      path: this.pathOf(partition),
      onProblem: (problem) => this.logger.error(`The chain is not carried on: ${problem}`),
    });
    this.chains.set(partition, chain);
  }

  async onReleased(partition: number): Promise<void> {
    const chain = this.chains.get(partition);
    this.chains.delete(partition);
    await chain?.release();
  }

  /** @throws Rejection when another instance keeps that chain; LogUnavailable. */
  verify(partition: number): Promise<PartitionVerdict> {
    const chain = this.chains.get(partition);
    if (!chain) throw new Rejection('not-owned', `This instance does not keep the chain of partition ${partition}.`);
    return chain.verify();
  }

  /** The chain of partition 3: `<dataDir>/audit/p03/chain.ndjson`. */
  pathOf(partition: number): string {
    return join(this.env.dataDir, 'audit', `p${String(partition).padStart(2, '0')}`, 'chain.ndjson');
  }
}
