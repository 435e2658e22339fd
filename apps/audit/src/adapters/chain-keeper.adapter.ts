import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { type ArchiveFailure, ArchiveFence, type ArchivePruned, Notary, type PruneArchive, type SignCheckpoint } from '@torch/archive';
import type { PartitionArchiveStatus, PartitionVerdict } from '@torch/contracts';
import type { AuditState } from '@torch/domain-audit';
import { LogTails, type OwnershipHooks } from '@torch/host';
import { InvariantViolation, Rejection } from '@torch/kernel';
import { type Consumed, formatPosition, type Lease, type LogServer, START } from '@torch/log';
import { LOG_SERVER, TORCH_ENV, type TorchEnv } from '@torch/platform';
import { AUDIT_CONFIG, type AuditConfig } from '../audit.config';
import { archivedLog } from '../recovery/archived-log';
import { GateKeeper } from '../recovery/gate.keeper';
import { StateKeeper } from '../recovery/state.keeper';
import { ARCHIVED, type ArchivedListener } from './archived.port';
import { NotaryKeys, type PartitionOfKeys } from './notary-keys';
import { PartitionChain } from './partition-chain.adapter';
import { ARCHIVE_FOLLOWER, type ArchiveFollower } from './segment-store.port';

/** Keeps the archive of every partition that this instance owns. */
@Injectable()
export class ChainKeeper implements OwnershipHooks<AuditState> {
  private readonly logger = new Logger(ChainKeeper.name);
  private readonly chains = new Map<number, PartitionChain>();
  private readonly keys: NotaryKeys;
  private notary: Promise<Notary> | undefined;
  /** Archives that were taken, and whose chains are not begun yet. */
  private readonly taken = new Map<number, { readonly lease: Lease; readonly fence: ArchiveFence }>();

  constructor(
    @Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'dataDir' | 'archiveDir' | 'partitions'>,
    @Inject(AUDIT_CONFIG) private readonly config: AuditConfig,
    @Inject(LOG_SERVER) private readonly server: Pick<LogServer, 'log' | 'identity'>,
    private readonly tails: LogTails,
    private readonly gate: GateKeeper,
    private readonly states: StateKeeper,
    @Inject(ARCHIVED) private readonly archived: ArchivedListener,
    @Optional() @Inject(ARCHIVE_FOLLOWER) private readonly follower?: ArchiveFollower,
  ) {
    this.keys = new NotaryKeys(env, (partition, error) =>
      this.logger.error(`The log of partition ${partition} does not tell of the notary's key yet: ${String(error)}`),
    );
  }

  /** Before anything is archived, the archive is taken and the log made whole by it. @throws GateShut, Fenced, LogUnavailable. */
  async prepare(lease: Lease, readOn: () => Promise<Consumed>): Promise<void> {
    const { partition } = lease;
    await this.letGo(partition);
    const place = { dir: this.env.archiveDir, partition };
    const fence = await this.gate.open(partition, () => ArchiveFence.take({ place, staleMs: this.config.lockStaleMs }));
    this.taken.set(partition, { lease, fence });
    try {
      await this.follower?.restore(partition, fence.disk);
      await this.gate.recover(lease, readOn, fence.disk);
    } catch (error) {
      await this.letGo(partition);
      throw error;
    }
    // Whoever gets no further than this does not keep others away for long.
    fence.rest();
  }

  onOwned(owned: PartitionOfKeys): void {
    const { partition } = owned;
    const taken = this.taken.get(partition);
    if (!taken) throw new InvariantViolation(`The archive of partition ${partition} is to be kept, and was not prepared.`);
    this.taken.delete(partition);
    this.keys.take(owned);
    const chain = new PartitionChain({
      dir: this.env.archiveDir,
      ...taken,
      tails: this.tails,
      log: this.server.log,
      config: this.config,
      archived: this.archived,
      follower: this.follower,
      states: (disk, durableSeq) => this.states.archive(partition, disk, durableSeq),
      signer: () => this.signer(partition),
      keys: async () => this.keys.trusted(partition, await this.opened()),
      onChange: (change) => this.tell(partition, change),
    });
    this.chains.set(partition, chain);
  }

  async onReleased(partition: number): Promise<void> {
    const chain = this.chains.get(partition);
    this.chains.delete(partition);
    this.keys.release(partition);
    await chain?.release();
  }

  /** @throws Rejection when another instance keeps that archive; LogUnavailable. */
  verify(partition: number): Promise<PartitionVerdict> {
    return this.chain(partition).verify();
  }

  /** @throws Rejection when another instance keeps that archive; LogUnavailable. */
  async status(partition: number): Promise<PartitionArchiveStatus> {
    const { status, failing = this.follower?.failing(partition) } = this.chain(partition);
    const head = await this.server.log.head(partition);
    const durable = status?.durable ?? START;
    return {
      partition,
      isOpen: status !== undefined,
      durablePosition: formatPosition(durable),
      lagCommits: Math.max(0, head.seq - durable.seq),
      openSegmentBytes: status?.openSegmentBytes ?? 0,
      sealedSegments: status?.sealedSegments ?? 0,
      ...(failing && { failing: { ...failing, message: failing.message.slice(0, 2000) } }),
    };
  }

  /** Of the archives that this instance keeps. */
  get partitions(): readonly number[] {
    return [...this.chains.keys()];
  }

  /** The last seq that survives the loss of the log server; undefined while the archive is not open. */
  archivedSeq(partition: number): number | undefined {
    return this.chains.get(partition)?.status?.durable.seq;
  }

  /** @throws Rejection when another instance keeps that archive; LogUnavailable while it is not open. */
  async prune(partition: number, request: Pick<PruneArchive, 'expiry' | 'reason' | 'dryRun'>): Promise<ArchivePruned> {
    return this.chain(partition).prune(request);
  }

  /** Of what was prepared and has not come to be kept. */
  private async letGo(partition: number): Promise<void> {
    const taken = this.taken.get(partition);
    this.taken.delete(partition);
    await taken?.fence.release();
  }

  /**
   * Takes newer states of the services into the archive, when those that are there are further behind than this.
   *
   * @returns the lowest seq that is still needed. @throws like `prune`.
   */
  async archiveStates(partition: number, lagMax: number): Promise<number> {
    return this.chain(partition).archiveStates(lagMax);
  }

  private chain(partition: number): PartitionChain {
    const chain = this.chains.get(partition);
    if (!chain) throw new Rejection('not-owned', `This instance does not keep the archive of partition ${partition}.`);
    return chain;
  }

  /** The log is told of the key without waiting for it: this may be before the first turn. */
  private async signer(partition: number): Promise<SignCheckpoint> {
    const notary = await this.opened();
    void this.keys.record(partition, notary);
    return notary.signer(partition);
  }

  /** The archive belongs to the log that it was first made for. Tried again when it failed. */
  private opened(): Promise<Notary> {
    this.notary ??= this.open().catch((error: unknown) => {
      this.notary = undefined;
      throw error;
    });
    return this.notary;
  }

  private async open(): Promise<Notary> {
    const { dataDir, archiveDir } = this.env;
    const { logId } = await archivedLog(this.server, this.env);
    const notary = await Notary.open({ dataDir, archiveDir, logId, onKeyChanged: () => void this.keys.recordAll(notary) });
    return notary;
  }

  /** One line for an episode's beginning, and one for its end. */
  private tell(partition: number, { failing, recovered }: { failing?: ArchiveFailure; recovered?: ArchiveFailure }): void {
    if (failing) {
      const { activity, code, message, sinceMs } = failing;
      const msg = `The archive of partition ${partition} fails (${activity}, ${code}): ${message}`;
      this.logger.error({ alarm: 'archive-failing', partition, activity, code, sinceMs, msg });
    }
    if (recovered) {
      const { activity, code, sinceMs } = recovered;
      const msg = `The archive of partition ${partition} goes on again (${activity}).`;
      this.logger.log({ alarm: 'archive-recovered', partition, activity, code, sinceMs, lastedMs: Date.now() - sinceMs, msg });
    }
  }
}
