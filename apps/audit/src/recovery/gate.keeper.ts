import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type ArchiveDisk, ArchiveBroken, ArchiveLocked, PartitionRecovery, type Recovered } from '@torch/archive';
import { type Consumed, formatPosition, GateShut, type Lease, type LogServer, LogUnavailable } from '@torch/log';
import { LOG_SERVER, TORCH_ENV, type TorchEnv } from '@torch/platform';
import { HOT_LOG_CONFIG, type HotLogConfig } from '../hot-log.config';
import { archivedLog } from './archived-log';
import { StateKeeper } from './state.keeper';

const PROGRESS_EVERY_MS = 2000;

/** Keeps the gate of every partition that this instance is about to own: nobody works before the log is known to be whole. */
@Injectable()
export class GateKeeper {
  private readonly logger = new Logger(GateKeeper.name);
  /** Why a gate stays shut, by partition: said once. */
  private readonly refused = new Map<number, string>();

  constructor(
    @Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'archiveDir' | 'gate' | 'partitions'>,
    @Inject(LOG_SERVER) private readonly server: LogServer,
    private readonly states: StateKeeper,
    @Inject(HOT_LOG_CONFIG) private readonly hotLog: Pick<HotLogConfig, 'commitsMax'>,
  ) {}

  /**
   * @param disk of the archive's fence.
   * @throws GateShut while the gate must stay shut, or the archive cannot be read; Fenced, LogUnavailable.
   */
  async recover(lease: Lease, readOn: () => Promise<Consumed>, disk: ArchiveDisk): Promise<void> {
    if (this.env.gate === 'none') return;
    const { partition } = lease;
    await this.open(partition, async () => {
      const recovery = new PartitionRecovery({
        server: this.server,
        place: { dir: this.env.archiveDir, partition },
        logId: (await archivedLog(this.server, this.env)).logId,
        disk,
        newId: randomUUID,
        config: { commitsMax: this.hotLog.commitsMax },
        putBackStates: () => this.states.putBack(partition, disk),
        onProgress: this.progress(partition),
      });
      this.tell(partition, await recovery.recover(lease, readOn));
      this.refused.delete(partition);
    });
  }

  /** What keeps `work` from being done keeps the gate shut. @throws GateShut, and what else `work` throws. */
  async open<T>(partition: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.shut(partition, error);
    }
  }

  private progress(partition: number): (seq: number, lastSeq: number) => void {
    let nextAtMs = performance.now() + PROGRESS_EVERY_MS;
    return (seq, lastSeq) => {
      if (performance.now() < nextAtMs) return;
      nextAtMs = performance.now() + PROGRESS_EVERY_MS;
      this.logger.log(`Partition ${partition} is being restored: ${seq} of ${lastSeq} commits are there.`);
    };
  }

  private tell(partition: number, { outcome, restored, found, archived, generation }: Recovered): void {
    if (outcome !== 'recovered') return;
    const ends = `The log of partition ${partition} ended at ${formatPosition(found)} and the archive at ${formatPosition(archived)}`;
    this.logger.warn(`${ends}; ${restored} commits were put back, and the log goes on in generation ${generation}.`);
  }

  /** What is wrong with the archive, or that another has it, keeps the gate shut as well: it is tried again, and said once. */
  private shut(partition: number, error: unknown): unknown {
    const isSystem = error instanceof Error && 'code' in error && 'syscall' in error;
    const isArchive = error instanceof ArchiveBroken || error instanceof ArchiveLocked;
    const shut = isArchive || isSystem ? new GateShut(partition, (error as Error).message) : error;
    if (!(shut instanceof GateShut)) return shut instanceof LogUnavailable ? shut : error;
    if (this.refused.get(partition) !== shut.message) this.logger.error(shut.message);
    this.refused.set(partition, shut.message);
    return shut;
  }
}
