import { Fenced, formatPosition, type Lease, LogRegressed, type LogServer, LogUnavailable, type Position } from '@torch/log';
import { Appender } from './appender';
import { EffectsRunner } from './effects-runner';
import { backOff, type HostClock, pause } from './host.clock';
import type { HostConfig } from './host.config';
import type { HostLogger, HostTracing } from './host.ports';
import { LogCursor } from './log-cursor';
import type { LogTails } from './log-tails';
import { OwnerLoop } from './owner-loop';
import { PartitionClock } from './partition-clock';
import { PartitionState } from './partition-state';
import { recordRecovery } from './recovery';
import type { ServiceDefinition } from './service';
import { takeInSlices } from './slice';
import { Snapshots } from './snapshots';
import { readTrimmed, type TrimmedLog } from './trimmed-log';

export interface PartitionHostParts<State> {
  readonly server: LogServer;
  readonly tails: LogTails;
  readonly definition: ServiceDefinition<State>;
  readonly partition: number;
  /** Unique to this process: two instances never hold a lease under one name. */
  readonly instance: string;
  readonly config: HostConfig;
  readonly clock: HostClock;
  readonly log: HostLogger;
  readonly tracing: HostTracing;
  readonly newId: () => string;
  /** Where the beginning of the log is when the log server has it no more. Without it, a service that needs it stops. */
  readonly trimmed?: TrimmedLog;
}

/** `starting`: has not read the log yet; `standby`: follows it, ready to take over; `owner`: decides; `failed`: met a bug or a corrupt log. */
export type PartitionRole = 'starting' | 'standby' | 'owner' | 'failed' | 'stopped';

/** One service on one partition, in one instance: follows the log, becomes the owner when nobody else is, and steps down when it must. */
export class PartitionHost<State> {
  role: PartitionRole = 'starting';
  private readonly ending = new AbortController();
  private loop: OwnerLoop<State> | undefined;
  private mustVerify = false;
  /** Set when a tail was lost that this instance had seen. */
  private lostFrom: Position | undefined;
  /** Of the newest snapshot, written or restored. */
  private snapshotSeq = 0;
  /** Not before this, however far the log has come. */
  private snapshotAtMs = -Infinity;
  /** Said once, however long it lasts. */
  private lastTrouble: string | undefined;
  private readonly snapshots: Snapshots;
  private readonly time: PartitionClock;

  constructor(private readonly parts: PartitionHostParts<State>) {
    this.snapshots = new Snapshots(parts.server.caches, parts.server.log, parts.log);
    this.time = new PartitionClock(parts.server, parts.clock, parts.log);
  }

  /**
   * Runs until `stop`. Faults that time or another owner mends are handled here.
   *
   * @throws InvariantViolation, Gap and whatever else is a bug or a corrupt log.
   */
  async run(): Promise<void> {
    const { config, clock } = this.parts;
    try {
      for (let failures = 0; !this.stopping;) {
        try {
          await this.serveOnce(() => (failures = 0));
        } catch (error) {
          this.role = 'starting';
          if (error instanceof LogRegressed) this.lostFrom = error.seen;
          else if (!(error instanceof Fenced || error instanceof LogUnavailable)) throw error;
          this.warn('starts again', error);
          await backOff(clock, failures++, config, this.ending.signal);
        }
      }
      this.role = 'stopped';
    } catch (error) {
      this.role = 'failed';
      throw error;
    }
  }

  /** Projects that nothing is decided for. */
  get suspended(): readonly string[] {
    return this.loop?.suspended ?? [];
  }

  private warn(what: string, { message }: Error): void {
    const { log, definition, partition } = this.parts;
    if (message !== this.lastTrouble) log.warn(`${definition.service} ${what} on partition ${partition}: ${message}`);
    this.lastTrouble = message;
  }

  private get stopping(): boolean {
    return this.ending.signal.aborted;
  }

  stop(): void {
    this.ending.abort();
    this.loop?.stop();
  }

  reconnected(): void {
    this.mustVerify = true;
    this.loop?.reconnected();
  }

  private async serveOnce(onServing: () => void): Promise<void> {
    const { server, definition, partition, config } = this.parts;
    const cursor = new LogCursor(server.log, partition);
    this.mustVerify = false;
    const { state, seen } = await this.snapshots.restore(
      partition,
      () => new PartitionState<State>(definition.service, definition.decider, config),
    );
    if (seen) cursor.note(seen);
    this.snapshotSeq = state.ownSeq;
    await this.patiently(() => this.catchUpTrimmed(state));
    await this.patiently(() => this.catchUp(state, cursor));
    const lease = await this.patiently(() => this.takeOver(state, cursor));
    if (!lease) return;
    this.lastTrouble = undefined;
    onServing();
    await this.own(lease, state, cursor);
  }

  /** Until it has been done, or is not to be any more: what was read before the log server could not be reached stays read. */
  private async patiently<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { clock, config } = this.parts;
    for (let failures = 0; !this.stopping; failures++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
        this.role = 'starting';
        this.warn('waits', error);
        await backOff(clock, failures, config, this.ending.signal);
      }
    }
    return undefined;
  }

  /** Follows the log until the lease is to be had, and everything is ready to decide by it. */
  private async takeOver(state: PartitionState<State>, cursor: LogCursor): Promise<Lease | undefined> {
    const { server, definition } = this.parts;
    this.role = 'standby';
    const lease = await this.standBy(state, cursor);
    if (!lease) return undefined;
    try {
      await definition.prepare?.(lease, async () => {
        await this.catchUp(state, cursor);
        return state.consumed;
      });
      await this.catchUp(state, cursor);
      await this.time.set(state.recordedAtMs);
      return lease;
    } catch (error) {
      if (error instanceof LogRegressed) await server.leases.release(lease).catch(() => undefined); // It runs out by itself.
      throw error;
    }
  }

  /** Reads what the log server does not hold any more, up to what it holds; less when it is to stop. */
  private async catchUpTrimmed(state: PartitionState<State>): Promise<void> {
    const { server, partition, trimmed, config, definition, log } = this.parts;
    const first = await server.log.first(partition);
    if (!trimmed || !first || state.read.seq + 1 >= first.seq) return;
    log.info(`${definition.service} reads partition ${partition} from the archive up to seq ${first.seq - 1}.`, {
      afterSeq: state.read.seq,
    });
    while (!this.stopping && state.read.seq + 1 < first.seq) {
      const place = { partition, afterSeq: state.read.seq, limit: config.readEntriesMax, first };
      await takeInSlices(state, await readTrimmed(trimmed, place), this.parts);
    }
  }

  /** Reads on to the end of the log. */
  private async catchUp(state: PartitionState<State>, cursor: LogCursor): Promise<void> {
    for (;;) {
      if (this.mustVerify) {
        await cursor.verify();
        this.mustVerify = false;
      }
      const entries = await cursor.read(state.read.seq, this.parts.config.readEntriesMax);
      await takeInSlices(state, entries, this.parts);
      if (!cursor.mayHaveMore) return;
    }
  }

  /** Follows the log until the lease is to be had. */
  private async standBy(state: PartitionState<State>, cursor: LogCursor): Promise<Lease | undefined> {
    const { server, definition, partition, instance, config, clock } = this.parts;
    while (!this.stopping) {
      const lease = await server.leases.acquire(partition, definition.service, instance, config.leaseMs);
      if (lease) return lease;
      await pause(clock, config.acquireEveryMs, this.ending.signal);
      await this.catchUp(state, cursor);
    }
    return undefined;
  }

  private async own(lease: Lease, state: PartitionState<State>, cursor: LogCursor): Promise<void> {
    const { definition, partition, log } = this.parts;
    const appender = await this.recover(state, cursor, lease);
    const loop = new OwnerLoop<State>({
      ...this.parts,
      state,
      cursor,
      appender,
      time: this.time,
      onTurnEnd: () => this.snapshotWhenDue(state, cursor),
    });
    this.loop = loop;
    let failed: Error | undefined;
    const onFailed = (error: Error): void => {
      failed = error;
      loop.stop();
    };
    const effects = new EffectsRunner({ ...this.parts, owner: loop, onFailed });
    log.info(`${definition.service} owns partition ${partition} in epoch ${lease.epoch}.`, { position: formatPosition(cursor.seen) });
    let hooked: Promise<void> | undefined;
    try {
      this.role = 'owner';
      if (this.stopping) loop.stop();
      // Beside the loop: a hook may report what it finds, and that takes a turn.
      hooked = this.startOwning(loop, effects);
      await Promise.all([loop.run(), hooked]);
      if (failed) throw failed;
    } finally {
      this.loop = undefined;
      effects.stop();
      await hooked?.catch(() => undefined); // Its error is the one that is thrown already.
      await definition.onReleased?.(partition);
    }
    await this.handOver(state, cursor, appender.currentLease);
  }

  private async startOwning(loop: OwnerLoop<State>, effects: EffectsRunner<State>): Promise<void> {
    try {
      await this.parts.definition.onOwned?.(loop);
      await effects.start();
    } catch (error) {
      if (error instanceof Fenced) return; // The loop ends for the same reason, and says so.
      loop.stop();
      throw error;
    }
  }

  /** After a lost tail, what follows is in the next generation, so that no position ever means two things. */
  private async recover(state: PartitionState<State>, cursor: LogCursor, lease: Lease): Promise<Appender> {
    const { server, config, clock, log, definition } = this.parts;
    const parts = { server, cursor, config, clock, lease, keepsGate: definition.prepare !== undefined, ending: this.ending.signal };
    const lostFrom = this.lostFrom;
    this.lostFrom = undefined;
    if (!lostFrom || cursor.seen.generation > lostFrom.generation) return new Appender({ ...parts, generationMin: cursor.seen.generation });
    const next = new Appender({ ...parts, generationMin: lostFrom.generation + 1 });
    await recordRecovery(next, state, {
      partition: this.parts.partition,
      lostFrom,
      head: cursor.seen,
      nowMs: this.time.nowMs(),
      newId: this.parts.newId,
    });
    log.error(
      `Partition ${this.parts.partition} lost its tail behind ${formatPosition(cursor.seen)}; it goes on in generation ${next.generation}.`,
    );
    return next;
  }

  /** By how far the log has come, whoever wrote it: the log can only be trimmed behind the snapshots of all services. */
  private async snapshotWhenDue(state: PartitionState<State>, cursor: LogCursor): Promise<void> {
    const { config, clock } = this.parts;
    if (state.ownSeq - this.snapshotSeq < config.snapshotEveryCommits || clock.monotonicMs() < this.snapshotAtMs) return;
    const startedAtMs = clock.monotonicMs();
    try {
      await this.snapshot(state, cursor);
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error; // The next one is due soon enough.
    }
    this.snapshotAtMs = startedAtMs + (clock.monotonicMs() - startedAtMs) / config.snapshotShareMax;
  }

  private async snapshot(state: PartitionState<State>, { furthest }: LogCursor): Promise<void> {
    if (!furthest) return; // Nothing to keep yet.
    this.snapshotSeq = state.ownSeq;
    const { definition, partition, log } = this.parts;
    const written = await this.snapshots.write(partition, state, furthest);
    if (!written)
      log.warn(`The state of ${definition.service} on partition ${partition} has no new snapshot; the next start reads more of the log.`);
  }

  /** An orderly end: the next owner starts from here at once. */
  private async handOver(state: PartitionState<State>, cursor: LogCursor, lease: Lease): Promise<void> {
    try {
      if (state.ownSeq > this.snapshotSeq) await this.snapshot(state, cursor);
      await this.parts.server.leases.release(lease);
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error; // The lease runs out, and the next owner replays more.
    }
  }
}
