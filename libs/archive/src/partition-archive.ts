import type { ChainHead, Frontier, ManifestFact, ManifestLine, SegmentSealed } from '@torch/domain-audit';
import type { ArchiveDisk } from './archive-disk';
import { type ArchiveFailure, ArchiveFailures } from './archive-failures';
import { ArchiveFence } from './archive-fence';
import type { ArchiveLock } from './archive-lock.adapter';
import { ARCHIVE_DEFAULTS, type ArchiveConfig } from './archive.config';
import { ArchiveBroken, ArchiveClosed, ArchiveLocked, SlowDisk } from './archive.errors';
import type { ArchivePlace } from './archive.layout';
import { type FoundArchive, recoverArchive } from './archive.recovery';
import { type ArchiveTree, CheckpointWriter, type SignCheckpoint } from './checkpoint.writer';
import type { ManifestWriter } from './manifest.writer';
import { OpenSegment } from './open-segment';
import { pause } from './pause';
import { ProgressWaiters } from './progress-waiters';
import { RecordBuffer } from './record-buffer';
import type { ArchiveEntry, BatchedRecord, RecordLines } from './record-lines';
import { SegmentSeals } from './segment-seals';
import { Wake } from './wake';

export interface OpenArchive extends ArchivePlace {
  readonly config?: Partial<ArchiveConfig>;
  readonly sign: SignCheckpoint;
  readonly disk?: ArchiveDisk;
  /** Taken already, before anybody looked where the archive ends; the archive lets it go when it is closed. Default: it is taken now. */
  readonly fence?: ArchiveFence;
  /** Default: a lock file in the partition's directory. */
  readonly lock?: (path: string, staleMs: number) => Promise<ArchiveLock>;
  /** Everything up to here survives a power cut. Must not throw. */
  readonly onDurable?: (head: ChainHead) => void;
  readonly onSealed?: (fact: SegmentSealed) => void;
  /** An episode of failing began, or ended. */
  readonly onFailing?: (change: { failing?: ArchiveFailure; recovered?: ArchiveFailure }) => void;
}

/** What an archive is like now. Sizes in bytes. */
export interface ArchiveStatus {
  readonly durable: ChainHead;
  readonly waitingBytes: number;
  readonly openSegmentBytes: number;
  readonly sealedSegments: number;
  readonly failing: ArchiveFailure | undefined;
}

/**
 * Opens a partition's archive behind its last durable record, and clears up what a crash left behind.
 *
 * @throws ArchiveLocked while another process writes it; ArchiveBroken when it is not one that can be carried on; the system's
 * error when the disk refuses.
 */
export async function openArchive(options: OpenArchive): Promise<PartitionArchive> {
  const config = { ...ARCHIVE_DEFAULTS, ...options.config };
  const { disk, lock } = options;
  const fence = options.fence ?? (await ArchiveFence.take({ place: options, disk, lock, staleMs: config.lockStaleMs }));
  try {
    fence.keep();
    await fence.assertHeld();
    const found = await recoverArchive(options, fence.disk);
    return new PartitionArchive({ options, config, fence, found });
  } catch (error) {
    await fence.release();
    throw error;
  }
}

interface Parts {
  readonly options: OpenArchive;
  readonly config: ArchiveConfig;
  readonly fence: ArchiveFence;
  readonly found: FoundArchive;
}

/** One partition's archive as its one writer keeps it: only ever added to. */
export class PartitionArchive {
  /** Resolves when nothing more is written: with the error when the archive cannot be carried on, without one after `close`. */
  readonly stopped: Promise<Error | undefined>;
  private readonly failures: ArchiveFailures;
  private readonly buffer: RecordBuffer;
  private readonly frontier: Frontier;
  private readonly manifest: ManifestWriter;
  private readonly seals: SegmentSeals;
  private readonly checkpoints: CheckpointWriter;
  private readonly wake = new Wake();
  private readonly closing = new AbortController();
  private segment: OpenSegment | undefined;
  private inFlight: RecordLines | undefined;
  private head: ChainHead;
  private end: Error | undefined;
  private closed: Promise<void> | undefined;
  private flushStartedMs = -Infinity;
  private isSealAsked = false;
  private readonly waiters = new ProgressWaiters();

  constructor(private readonly parts: Parts) {
    const { options, config, fence, found } = parts;
    const { disk } = fence;
    this.failures = new ArchiveFailures(options.onFailing);
    this.buffer = new RecordBuffer(found.head, config.bufferedBytesMax);
    this.head = found.head;
    this.frontier = found.frontier;
    this.manifest = found.manifest;
    this.segment = found.open;
    const shared = { place: options, disk, sign: options.sign, failures: this.failures };
    this.checkpoints = new CheckpointWriter({ ...shared, everyMs: config.checkpointMs, tree: () => this.tree() });
    this.seals = new SegmentSeals({
      ...shared,
      manifest: this.manifest,
      retryMs: config.retryMs,
      onSealed: (fact) => this.sealed(fact),
      onDone: () => this.wake.notify(),
      onBroken: (error) => this.stop(error),
    });
    fence.whenLost((error) => this.stop(error));
    for (const full of found.unsealed) this.seals.start(full);
    this.stopped = this.run();
  }

  /** Whoever else writes something of this archive, or because of it, asks this. */
  get fence(): ArchiveFence {
    return this.parts.fence;
  }

  /** Everything up to here survives a power cut. */
  get durable(): ChainHead {
    return this.head;
  }

  get status(): ArchiveStatus {
    return {
      durable: this.head,
      waitingBytes: this.buffer.bytes,
      openSegmentBytes: this.segment?.durableBytes ?? 0,
      sealedSegments: this.manifest.lines.filter(({ kind }) => kind === 'sealed').length,
      failing: this.failures.worst,
    };
  }

  /** The manifest's durable lines. */
  get facts(): readonly ManifestLine[] {
    return this.manifest.lines;
  }

  /**
   * Takes an entry in; it becomes durable soon after.
   *
   * @throws ArchiveBroken when it is not the one behind the last; RangeError when `room` was not waited for; what stopped the archive.
   */
  add(entry: ArchiveEntry): void {
    if (this.end) throw this.end;
    this.buffer.add(entry);
    this.wake.notify();
  }

  /** Resolves when another entry may be added. @throws what stopped the archive. */
  async room(): Promise<void> {
    if (this.end) throw this.end;
    await this.buffer.room();
  }

  /**
   * Resolves when everything added so far is durable, however long the disk takes.
   *
   * @throws ArchiveClosed, ArchiveBroken, ArchiveLocked: what was not durable by then is not.
   */
  async flush(): Promise<ChainHead> {
    const { seq } = this.buffer.head;
    await this.waiters.until(() => this.head.seq >= seq);
    return this.head;
  }

  /** Seals what has been added so far. Resolves when that is done. @throws like `flush`. */
  async seal(): Promise<void> {
    const { seq } = await this.flush();
    const isSealed = (): boolean => this.manifest.lines.some(({ kind, lastSeq }) => kind === 'sealed' && lastSeq >= seq);
    if (seq === 0 || isSealed()) return;
    this.isSealAsked = true;
    this.wake.notify();
    await this.waiters.until(isSealed);
    await this.seals.idle();
    await this.checkpoints.write();
  }

  /** Adds a fact about a sealed segment to the manifest. It is durable when this has resolved. */
  async note(fact: ManifestFact): Promise<void> {
    if (this.end) throw this.end;
    await this.manifest.append(fact);
    this.checkpoints.markDirty();
  }

  /** Writes what is at hand when the disk takes it, signs the last checkpoint and lets the archive go. */
  close(): Promise<void> {
    return (this.closed ??= this.letGo());
  }

  private async letGo(): Promise<void> {
    this.closing.abort();
    this.parts.fence.rest();
    this.wake.notify();
    await this.stopped;
    await this.seals.stop();
    if (this.isLost()) this.checkpoints.abandon();
    else await this.checkpoints.close();
    await this.manifest.close().catch(() => undefined);
    await this.segment?.close().catch(() => undefined);
    await this.parts.fence.release();
  }

  private async run(): Promise<Error | undefined> {
    const { config } = this.parts;
    const { signal } = this.closing;
    while (!this.end) {
      if (this.isSealDue()) await this.rotate();
      const isIdle = this.buffer.isEmpty && !this.inFlight;
      if (isIdle && signal.aborted) break;
      if (isIdle) {
        await this.wake.wait(this.msToSeal());
        continue;
      }
      await pause(this.flushStartedMs + config.groupMs - performance.now(), signal);
      const isDone = await this.flushOnce();
      if (isDone) continue;
      if (signal.aborted) break;
      await pause(config.retryMs, signal);
    }
    const error = this.end;
    this.stop(error ?? new ArchiveClosed(`The archive of partition ${this.parts.options.partition} was closed.`));
    return error;
  }

  /** False when it failed and may be tried again. */
  private async flushOnce(): Promise<boolean> {
    const { options, config, fence } = this.parts;
    const batch = (this.inFlight ??= this.buffer.take());
    if (!batch) return true;
    const segment = (this.segment ??= new OpenSegment(options, fence.disk, (batch.records[0] as BatchedRecord).seq));
    this.flushStartedMs = performance.now();
    const slow = setTimeout(() => this.failures.failed('append', new SlowDisk(segment.path, config.slowMs)), config.slowMs);
    try {
      await segment.append(batch.bytes);
    } catch (error) {
      clearTimeout(slow);
      if (error instanceof ArchiveBroken || error instanceof ArchiveLocked) this.stop(error);
      else this.failures.failed('append', error);
      return false;
    }
    clearTimeout(slow);
    this.inFlight = undefined;
    this.settle(batch, segment);
    return true;
  }

  private settle(batch: RecordLines, segment: OpenSegment): void {
    const { seq, generation, hash } = batch.records[batch.records.length - 1] as BatchedRecord;
    this.head = { seq, generation, hash };
    this.failures.succeeded('append');
    this.parts.options.onDurable?.(this.head);
    for (const record of batch.records) {
      this.frontier.append(record.leaf);
      segment.tally.add(record, record.outline);
    }
    this.buffer.done(batch);
    this.checkpoints.markDirty();
    this.waiters.look();
  }

  private msToSeal(): number | undefined {
    const { segment, seals, parts } = this;
    if (!segment || segment.durableBytes === 0 || seals.isBusy) return undefined;
    return Math.max(0, segment.sinceMs + parts.config.segmentMs - performance.now());
  }

  private isSealDue(): boolean {
    const { segment, seals, parts } = this;
    if (!segment || segment.durableBytes === 0 || seals.isBusy || this.closing.signal.aborted) return false;
    return this.isSealAsked || segment.durableBytes >= parts.config.segmentBytes || this.msToSeal() === 0;
  }

  private async rotate(): Promise<void> {
    const segment = this.segment as OpenSegment;
    this.isSealAsked = false;
    this.segment = undefined;
    const { durableBytes: bytes, tally } = segment;
    this.seals.start({ ...tally.content(), bytes, head: this.head.hash, frontier: this.frontier.encode() });
    await segment.close().catch(() => undefined); // Everything in it is durable.
  }

  private sealed(fact: SegmentSealed): void {
    this.checkpoints.markDirty();
    this.parts.options.onSealed?.(fact);
    this.waiters.look();
  }

  private tree(): ArchiveTree {
    return { size: this.frontier.size, root: this.frontier.root(), head: this.head, manifest: this.manifest.hash };
  }

  private stop(error: Error): void {
    if (!this.end && !(error instanceof ArchiveClosed)) this.failures.failed('append', Object.assign(error, { code: 'BROKEN' }));
    this.end ??= error;
    this.wake.notify();
    this.buffer.fail(this.end);
    this.waiters.fail(this.end);
  }

  /** Somebody else has it: nothing of it is ours to write. */
  private isLost(): boolean {
    return this.end instanceof ArchiveLocked || this.end instanceof ArchiveBroken;
  }
}
