import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type LogTrimmed, SERVICE_NAMES } from '@torch/contracts';
import { type LogServer, LogUnavailable } from '@torch/log';
import { LOG_SERVER } from '@torch/platform';
import { HOT_LOG_CONFIG, type HotLogConfig } from '../hot-log.config';
import { ChainKeeper } from './chain-keeper.adapter';

/** What audit itself needs: everything that is not archived yet. */
const ARCHIVE_GUARD = 'archive';
/** Nothing is trimmed before each of them has said what it needs: who has no snapshot yet reads the log from its beginning. */
const GUARDS: readonly string[] = [ARCHIVE_GUARD, ...SERVICE_NAMES.map((service) => `snapshot:${service}`)];

/** Keeps the log server from filling up: forgets what is archived, and what no snapshot and no reader needs any more. */
@Injectable()
export class HotLog implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(HotLog.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    @Inject(ChainKeeper) private readonly keeper: Pick<ChainKeeper, 'partitions' | 'archivedSeq' | 'archiveStates'>,
    @Inject(LOG_SERVER) private readonly server: Pick<LogServer, 'log'>,
    @Inject(HOT_LOG_CONFIG) private readonly config: HotLogConfig,
  ) {}

  onApplicationBootstrap(): void {
    const { commitsMax, everyMs } = this.config;
    if (commitsMax > 0) this.timer = setInterval(() => this.trimAll(), everyMs);
    this.timer?.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** As far as the guards allow, and no further. @throws LogUnavailable */
  async trim(partition: number, belowSeq: number): Promise<LogTrimmed> {
    const { log } = this.server;
    const archivedSeq = this.keeper.archivedSeq(partition);
    if (archivedSeq !== undefined) await log.setTrimGuard(partition, ARCHIVE_GUARD, archivedSeq);
    const stated = await log.trimGuards(partition);
    const missing = archivedSeq === undefined ? ARCHIVE_GUARD : GUARDS.find((reader) => !stated.has(reader));
    const [lowest, guard] = [...stated].reduce((a, b) => (b[1] < a[1] ? b : a), ['', Infinity]);
    if (missing === undefined) await log.trim(partition, Math.min(belowSeq, guard));
    const heldBy = missing !== undefined ? `${missing} has not said what it needs` : `${lowest} needs ${guard} and what follows`;
    const firstSeq = (await log.first(partition))?.seq;
    return {
      partition,
      ...(firstSeq !== undefined && { firstSeq }),
      ...((missing !== undefined || guard < belowSeq) && { heldBy }),
    };
  }

  private trimAll(): void {
    this.running ??= this.trimEach().finally(() => {
      this.running = undefined;
    });
  }

  private async trimEach(): Promise<void> {
    for (const partition of this.keeper.partitions) {
      try {
        const { seq } = await this.server.log.head(partition);
        const { commitsMax } = this.config;
        if (seq <= commitsMax) continue;
        // So that a log server that is restored need not hold much more either.
        await this.keeper.archiveStates(partition, commitsMax);
        await this.trim(partition, seq - commitsMax + 1);
      } catch (error) {
        if (!(error instanceof LogUnavailable)) this.logger.error(`The log of partition ${partition} was not trimmed: ${String(error)}`);
      }
    }
  }
}
