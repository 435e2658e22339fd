import { setTimeout as after } from 'node:timers/promises';
import {
  ArchiveBroken,
  type ArchiveFailure,
  type ArchiveFence,
  archiveHead,
  ArchiveLocked,
  type ArchiveStatus,
  type ArchivePruned,
  type FencedDisk,
  openArchive,
  type PartitionArchive,
  pruneArchive,
  type PruneArchive,
  readStatesNote,
  type SignCheckpoint,
} from '@torch/archive';
import type { PartitionVerdict } from '@torch/contracts';
import { CHAIN_START, type VerifierKey } from '@torch/domain-audit';
import type { LogTails } from '@torch/host';
import { Gap, type Lease, type Log, LogUnavailable } from '@torch/log';
import type { AuditConfig } from '../audit.config';
import type { ArchivedListener } from './archived.port';
import { checkChain } from './chain-check.adapter';
import { assertContinues } from './log-continuation';
import type { ArchiveFollower } from './segment-store.port';

export interface PartitionChainParts {
  /** Of the archive. */
  readonly dir: string;
  /** In whose name it is told how far the archive is. */
  readonly lease: Lease;
  /** Taken before it was looked where the archive ends. */
  readonly fence: ArchiveFence;
  readonly log: Log;
  readonly tails: LogTails;
  readonly config: AuditConfig;
  readonly archived: ArchivedListener;
  /** Made anew whenever the archive is opened. */
  readonly signer: () => Promise<SignCheckpoint>;
  readonly keys: () => Promise<readonly VerifierKey[]>;
  /** Takes newer states into the archive. @returns the lowest seq that is still needed. */
  readonly states: (disk: FencedDisk, durableSeq: number) => Promise<number>;
  /** Follows what is sealed, to take it elsewhere. */
  readonly follower?: ArchiveFollower;
  /** An episode of not being able to archive began or ended. */
  readonly onChange: (change: { failing?: ArchiveFailure; recovered?: ArchiveFailure }) => void;
}

/**
 * Carries one partition's archive on for as long as this instance owns the partition. Where the log contradicts the archive,
 * the archive stays as it is: what was notarised is not rewritten.
 */
export class PartitionChain {
  private readonly released = new AbortController();
  private readonly done: Promise<void>;
  private archive: PartitionArchive | undefined;
  /** Until an archive is opened with it; after a failure the archive takes one of its own. */
  private fence: ArchiveFence | undefined;
  private readonly partition: number;
  private takingStates: Promise<unknown> = Promise.resolve();
  /** What was durable when the archive was last closed. */
  private reached = CHAIN_START;
  /** Why the archive is not carried on at all. */
  private trouble: ArchiveFailure | undefined;

  constructor(private readonly parts: PartitionChainParts) {
    this.fence = parts.fence;
    this.partition = parts.lease.partition;
    this.done = this.keep();
  }

  /** Undefined while the archive is not open. */
  get status(): ArchiveStatus | undefined {
    return this.archive?.status;
  }

  get failing(): ArchiveFailure | undefined {
    return this.trouble ?? this.archive?.status.failing;
  }

  /** Writes what is at hand and lets the archive go. */
  async release(): Promise<void> {
    this.released.abort();
    await this.done;
    await this.fence?.release();
  }

  /** @throws LogUnavailable */
  async verify(): Promise<PartitionVerdict> {
    const { partition } = this;
    const { dir, log, keys } = this.parts;
    const problem = this.trouble?.message ?? (this.archive ? undefined : 'The archive is being opened; ask again.');
    const head = this.archive?.durable ?? this.reached;
    const verdict = await checkChain({ place: { dir, partition }, log, head, keys: await keys() });
    return verdict.ok && problem !== undefined ? { ...verdict, ok: false, problem: problem.slice(0, 2000) } : verdict;
  }

  /** @param lagMax they are left as they are while they are no further behind. @throws LogUnavailable while the archive is not open. */
  async archiveStates(lagMax: number): Promise<number> {
    const archive = this.opened();
    const taken = this.takingStates.then(async () => {
      const { neededSeq } = await readStatesNote({ dir: this.parts.dir, partition: this.partition }, archive.fence.disk);
      const { seq } = archive.durable;
      return seq - neededSeq > lagMax ? this.parts.states(archive.fence.disk, seq) : neededSeq;
    });
    this.takingStates = taken.catch(() => undefined); // One at a time; whoever asked is told of the failure.
    return taken;
  }

  /** Takes what has expired out of sealed segments. @throws LogUnavailable while the archive is not open. */
  async prune(request: Pick<PruneArchive, 'expiry' | 'reason' | 'dryRun'>): Promise<ArchivePruned> {
    const archive = this.opened();
    const { partition } = this;
    const { dir, follower } = this.parts;
    const { signal } = this.released;
    const pruned = await pruneArchive({
      ...request,
      place: { dir, partition },
      disk: archive.fence.disk,
      belowSeq: await this.archiveStates(request.dryRun ? Infinity : 0),
      note: (fact) => archive.note(fact),
      signal,
    });
    if (pruned.segments > 0 && !request.dryRun) follower?.sealed(archive, partition);
    return pruned;
  }

  private opened(): PartitionArchive {
    if (!this.archive) throw new LogUnavailable(`The archive of partition ${this.partition} is not open.`, false);
    return this.archive;
  }

  private async keep(): Promise<void> {
    const { signal } = this.released;
    while (!signal.aborted) {
      try {
        await this.carryOn();
      } catch (error) {
        await this.tell(error as Error);
      } finally {
        await this.parts.follower?.released(this.partition);
        await this.takingStates;
        await this.archive?.close();
        this.reached = this.archive?.durable ?? this.reached;
        this.archive = undefined;
      }
      await after(this.parts.config.retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Ends when the partition is released; rejects when the archive cannot be carried on. */
  private async carryOn(): Promise<void> {
    const { partition } = this;
    const { dir, lease, log, config, archived, signer, follower, onChange } = this.parts;
    const sign = await signer();
    const { fence } = this;
    this.fence = undefined;
    const archive = (this.archive = await openArchive({
      fence,
      dir,
      partition,
      config,
      sign,
      onDurable: ({ seq, generation }) => archived.archived(lease, { seq, generation }),
      onSealed: () => follower?.sealed(archive, partition),
      onFailing: ({ failing, recovered }) => {
        onChange({ failing, recovered });
        if (failing?.activity === 'append') archived.archived(lease, this.position(), failing.message);
      },
    }));
    await assertContinues({ place: { dir, partition }, log, head: archive.durable });
    if (this.trouble) onChange({ recovered: this.trouble });
    this.trouble = undefined;
    archived.archived(lease, this.position());
    follower?.sealed(archive, partition);
    await this.follow(archive);
  }

  private async follow(archive: PartitionArchive): Promise<void> {
    const { partition } = this;
    const { tails } = this.parts;
    const { signal } = this.released;
    let end: () => void = () => undefined;
    try {
      const failed = await new Promise<Error | undefined>((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
        if (signal.aborted) resolve(undefined);
        void archive.stopped.then(resolve);
        end = tails.subscribe(partition, archive.durable.seq, {
          onEnd: resolve,
          onCommit: ({ position, body }) => {
            archive.add({ position, body });
            return archive.room();
          },
        });
      });
      if (failed) throw failed;
    } finally {
      end();
    }
  }

  private position(): { seq: number; generation: number } {
    const { seq, generation } = this.archive?.durable ?? this.reached;
    return { seq, generation };
  }

  /** That the log server is away is not the archive's failure. */
  private async tell(error: Error): Promise<void> {
    if (this.released.signal.aborted || error instanceof LogUnavailable) return;
    const { partition } = this;
    const { dir, lease, archived, onChange } = this.parts;
    const isNew = this.trouble?.message !== error.message;
    const { code = codeOf(error) } = error as NodeJS.ErrnoException;
    const sinceMs = this.trouble?.sinceMs ?? Date.now();
    this.trouble = { activity: 'append', code, message: error.message, sinceMs };
    if (isNew) onChange({ failing: this.trouble });
    // Where the end of the archive cannot be read, nothing counts as archived.
    const unopened = async () => archiveHead({ dir, partition }).catch(() => CHAIN_START);
    const { seq, generation } = this.archive?.durable ?? (await unopened());
    archived.archived(lease, { seq, generation }, error.message);
  }
}

function codeOf(error: Error): string {
  if (error instanceof ArchiveLocked) return 'LOCKED';
  return error instanceof ArchiveBroken || error instanceof Gap ? 'BROKEN' : 'UNKNOWN';
}
