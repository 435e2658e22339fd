import { PartitionRecovery } from '@torch/archive';
import { type LogTails, type TailedCommit } from '@torch/host';
import type { Consumed, Lease, LogServer } from '@torch/log';
import { Fenced, LogRegressed, LogUnavailable } from '@torch/log';
import type { SimulatedProcess } from '../engine/simulated-process';
import { SimulatedArchive, type WriteLock } from './simulated-archive';

/** Between a commit and its being archived, ms at most. */
const ARCHIVE_LAG_MS_MAX = 60;
const FOLLOW_AGAIN_MS = 500;

interface KeeperParts {
  readonly process: SimulatedProcess;
  readonly server: LogServer;
  readonly tails: LogTails;
  readonly archive: SimulatedArchive;
  readonly logId: string;
  readonly partitions: number;
}

/** What an instance of audit does for the partitions that it owns: the real recovery, and the archive's writer. */
export class ArchiveKeeper {
  private readonly locks = new Map<number, WriteLock>();
  private readonly holders = new Map<number, string>();
  private readonly ends = new Map<number, () => void>();

  constructor(private readonly parts: KeeperParts) {}

  async prepare(lease: Lease, readOn: () => Promise<Consumed>): Promise<void> {
    const { process, server, archive, logId, partitions } = this.parts;
    const { partition } = lease;
    this.holders.set(partition, lease.holder);
    this.locks.set(partition, archive.lock(partition)); // What an older writer has not written yet is not written any more.
    await server.identity({ partitions, logId });
    const recovery = new PartitionRecovery({
      server,
      place: { dir: SimulatedArchive.DIR, partition },
      logId,
      disk: archive.disk,
      nowMs: () => process.nowMs(),
      newId: process.newId,
    });
    await recovery.recover(lease, readOn);
  }

  onOwned(partition: number): void {
    const lock = this.locks.get(partition);
    if (lock) this.follow(partition, lock);
  }

  onReleased(partition: number): void {
    this.ends.get(partition)?.();
    this.ends.delete(partition);
    const lock = this.locks.get(partition);
    if (lock) this.parts.archive.unlock(lock);
  }

  /** Begins again behind what is archived when the tail cannot be followed any further, for as long as the archive is this keeper's. */
  private follow(partition: number, lock: WriteLock): void {
    const { process, tails, archive } = this.parts;
    if (!lock.isHeld) return;
    const end = tails.subscribe(partition, archive.head(partition).seq, {
      onCommit: (commit) => this.write(partition, commit, lock),
      onEnd: () => void process.after(FOLLOW_AGAIN_MS, () => this.follow(partition, lock)),
    });
    this.ends.set(partition, end);
  }

  private async write(partition: number, commit: TailedCommit, lock: WriteLock): Promise<void> {
    const { process, server, archive } = this.parts;
    await new Promise<void>((written) => process.after(process.random() * ARCHIVE_LAG_MS_MAX, written));
    if (!archive.add(partition, commit, lock)) return;
    try {
      const lease = await server.leases.holder(partition, 'audit');
      if (lease && lease.holder === this.holders.get(partition)) await server.archived.publish(lease, { position: commit.position });
    } catch (error) {
      // The next one says it as well, or whoever keeps the archive by then.
      if (!(error instanceof LogUnavailable || error instanceof Fenced || error instanceof LogRegressed)) throw error;
    }
  }
}
