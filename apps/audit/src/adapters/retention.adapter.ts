import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ArchivePruned, Expiry } from '@torch/archive';
import { type PartitionPruned, retentionCommands, retentionQueries, type RetentionOutcome } from '@torch/contracts';
import { expiryOf } from '@torch/domain-audit';
import { SYSTEM_PROJECT, type TorchClient } from '@torch/host';
import { Rejection } from '@torch/kernel';
import { LogUnavailable } from '@torch/log';
import { TORCH_CLIENT } from '@torch/platform';
import { RETENTION_CONFIG, type RetentionConfig } from '../retention.config';
import { ChainKeeper } from './chain-keeper.adapter';

/** Prunings whose outcome is remembered for whoever asked. */
const OUTCOMES_MAX = 64;

const [getRetention] = retentionQueries;
const [, , , recordApplied] = retentionCommands;

type Asked = { readonly failed?: Error; readonly pruned?: PartitionPruned };

/** Takes what has expired out of the archives that this instance keeps, now and then and when somebody asks. One at a time each. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Retention.name);
  private readonly asks = new Map<string, Asked>();
  private readonly last = new Map<number, Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keeper: ChainKeeper,
    @Inject(TORCH_CLIENT) private readonly client: TorchClient,
    @Inject(RETENTION_CONFIG) private readonly config: RetentionConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { everyMs } = this.config;
    if (everyMs > 0) this.timer = setInterval(() => void this.applyAll(), everyMs);
    this.timer?.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** @throws Rejection when the pruning failed, or another instance keeps that archive. */
  asked(partition: number, pruningId: string, dryRun: boolean): RetentionOutcome {
    const key = `${partition}/${pruningId}`;
    const known = this.asks.get(key);
    if (!known) this.begin(key, partition, dryRun);
    if (known?.failed) throw new Rejection('retention-not-applied', known.failed.message);
    return { dryRun, done: known?.pruned !== undefined, partitions: known?.pruned ? [known.pruned] : [] };
  }

  /** @throws LogUnavailable, Rejection: what was pruned until then stays so. */
  async apply(partition: number, dryRun: boolean): Promise<PartitionPruned> {
    const turn = (this.last.get(partition) ?? Promise.resolve()).then(() => this.applyNow(partition, dryRun));
    this.last.set(
      partition,
      turn.catch(() => undefined),
    );
    return turn;
  }

  private begin(key: string, partition: number, dryRun: boolean): void {
    const [oldest] = this.asks.keys();
    if (oldest !== undefined && this.asks.size >= OUTCOMES_MAX) this.asks.delete(oldest);
    this.asks.set(key, {});
    this.apply(partition, dryRun).then(
      (pruned) => this.asks.set(key, { pruned }),
      (error: unknown) => this.asks.set(key, { failed: error as Error }),
    );
  }

  private async applyNow(partition: number, dryRun: boolean): Promise<PartitionPruned> {
    const outcome = await this.keeper.prune(partition, { expiry: () => this.expiry(), reason: 'retention', dryRun });
    if (outcome.segments > 0 && !dryRun) await this.record(partition, outcome);
    const { segments, records, gzBytesBefore, gzBytesAfter } = outcome;
    return { partition, segments, records, gzBytesBefore, gzBytesAfter };
  }

  /** Asked of who decides on holds each time: one that is placed counts from then on. */
  private async expiry(): Promise<Expiry> {
    return expiryOf(await this.client.query(getRetention, SYSTEM_PROJECT, {}), Date.now());
  }

  private async record(partition: number, outcome: ArchivePruned): Promise<void> {
    await this.client.command(recordApplied, { project: SYSTEM_PROJECT, actor: 'service:audit' }, { partition, ...outcome });
    this.logger.log(`Retention took ${outcome.records} commits out of ${outcome.segments} segments of partition ${partition}.`);
  }

  private async applyAll(): Promise<void> {
    for (const partition of this.keeper.partitions) {
      await this.apply(partition, false).catch((error: unknown) => {
        // Looked for again at the next time; an archive that is not open now, or a log server that is away, is told of elsewhere.
        if (!(error instanceof LogUnavailable)) this.logger.error(`Retention was not applied to partition ${partition}: ${String(error)}`);
      });
    }
  }
}
