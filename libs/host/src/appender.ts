import {
  decodeCommit,
  Fenced,
  GateShut,
  type Lease,
  type Leases,
  type Log,
  type LogEntry,
  LogUnavailable,
  type Position,
} from '@torch/log';
import type { CommitBatch } from './commit-batches';
import type { HostConfig } from './host.config';
import { backOff, type HostClock } from './host.clock';
import type { LogCursor } from './log-cursor';

interface AppenderParts {
  readonly server: { readonly log: Log; readonly leases: Leases };
  readonly cursor: LogCursor;
  readonly config: HostConfig;
  readonly clock: HostClock;
  readonly lease: Lease;
  readonly generationMin: number;
  /** It opens the gate itself, by preparing anew: nobody would while it waits. */
  readonly keepsGate: boolean;
  /** The instance is to stop: an append that cannot be made is given up then, and whoever comes next finds out what became of it. */
  readonly ending?: AbortSignal;
}

/**
 * Appends one owner's commits, each exactly once, whatever the connection does.
 *
 * When no answer comes, nobody knows whether the append took effect, and it may still do so later. So the owner first
 * takes a new epoch, after which the old request can only be fenced off, and then looks whether the commits are there, and whether
 * somebody else was the owner in between.
 */
export class Appender {
  private lease: Lease;

  constructor(private readonly parts: AppenderParts) {
    this.lease = parts.lease;
  }

  get epoch(): number {
    return this.lease.epoch;
  }

  /** A recovery that lost nothing of what this owner has seen begins the next one in between. */
  get generation(): number {
    return Math.max(this.parts.generationMin, this.parts.cursor.seen.generation);
  }

  get currentLease(): Lease {
    return this.lease;
  }

  /**
   * @param encode makes the commits' texts for an epoch.
   * @returns the position of the first.
   * @throws Fenced when another instance has become the owner, or the gate's keeper has to prepare anew; LogRegressed when the log lost
   * what was seen.
   */
  async append(encode: (epoch: number) => CommitBatch): Promise<{ readonly first: Position; readonly batch: CommitBatch }> {
    let batch = encode(this.epoch);
    for (let attempt = 0; ; attempt++) {
      try {
        const first = await this.parts.server.log.append(this.fence(), batch.bodies);
        return this.note(first, batch);
      } catch (error) {
        if (!(error instanceof LogUnavailable) || this.parts.ending?.aborted) throw error;
        if (error instanceof GateShut && this.parts.keepsGate) throw this.fenced();
        await backOff(this.parts.clock, attempt, this.parts.config, this.parts.ending);
        if (!error.outcomeUnknown) continue;
      }
      const found = await this.findAppended(batch.bodies);
      if (found) return this.note(found, batch);
      batch = encode(this.epoch);
    }
  }

  private fence() {
    const { partition, service, holder, epoch } = this.lease;
    return { partition, service, holder, epoch, seen: this.parts.cursor.seen, generation: this.generation };
  }

  private fenced(): Fenced {
    const { partition, service, epoch } = this.lease;
    return new Fenced(partition, service, epoch);
  }

  private note(first: Position, batch: CommitBatch) {
    const { bodies } = batch;
    const last = { seq: first.seq + bodies.length - 1, generation: first.generation };
    this.parts.cursor.note({ position: last, body: bodies[bodies.length - 1] as string });
    return { first, batch };
  }

  /** The position of the first of the bodies, once it is certain that it is there or never will be. */
  private async findAppended(bodies: readonly string[]): Promise<Position | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.takeNewEpoch();
        await this.parts.cursor.verify();
        return await this.search(bodies);
      } catch (error) {
        if (!(error instanceof LogUnavailable) || this.parts.ending?.aborted) throw error;
        await backOff(this.parts.clock, attempt, this.parts.config, this.parts.ending);
      }
    }
  }

  private async takeNewEpoch(): Promise<void> {
    const { partition, service, holder } = this.lease;
    const lease = await this.parts.server.leases.acquire(partition, service, holder, this.parts.config.leaseMs);
    if (!lease) throw this.fenced();
    this.lease = lease;
  }

  /**
   * Behind what was seen, without moving the cursor: what other services appended there is read by the owner later. An instance that
   * was the owner for a while may have decided the same commands, and others on top: what this one has in mind is of the past then.
   * So it is when the log has some of the commits and not all, as a replica that was promoted in the middle may: what is there counts,
   * and says how far it has consumed.
   */
  private async search(bodies: readonly string[]): Promise<Position | undefined> {
    const { partition, service } = this.lease;
    let first: Position | undefined;
    let found = 0;
    for (let afterSeq = this.parts.cursor.seen.seq; ;) {
      const entries = await this.parts.server.log.read(partition, afterSeq, this.parts.config.readEntriesMax);
      for (const entry of entries) {
        if (entry.body === bodies[found]) {
          first ??= entry.position;
          found++;
        } else if (serviceOf(entry) === service) throw this.fenced();
        afterSeq = entry.position.seq;
      }
      if (entries.length > 0) continue;
      if (found > 0 && found < bodies.length) throw this.fenced();
      return first;
    }
  }
}

const serviceOf = (entry: LogEntry): string => decodeCommit(entry, () => false).service;
