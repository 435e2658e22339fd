import { randomUUID } from 'node:crypto';
import type { Archived, Gate, GateRole, LogIdentity } from '../gate';
import {
  CACHE_BYTES_MAX,
  type Caches,
  COMMAND_ENTRIES_MAX,
  type CommandQueues,
  type Leases,
  type Log,
  type LogServer,
  type Waiter,
} from '../log';
import { LogUnavailable } from '../log.errors';
import { checkPartitionCount } from '../partition';
import { MemoryArchived } from './memory-archived';
import { MemoryCaches } from './memory-caches';
import { MemoryCommandQueues } from './memory-command-queues';
import { MemoryFaults } from './memory-faults';
import { MemoryGate } from './memory-gate';
import { MemoryLeases } from './memory-leases';
import { MemoryLog } from './memory-log';
import { MemorySignals } from './memory-signals';
import { MemoryStore } from './memory-store';
import { MemoryWaiter, type StartTimer } from './memory-waiter';

export interface InMemoryOptions {
  /** Epoch ms; leases run out and command ids grow by it. Default: the machine's clock. */
  readonly nowMs?: () => number;
  /** Default: the machine's timers. */
  readonly startTimer?: StartTimer;
  /** Default: `none`. */
  readonly gate?: GateRole;
  readonly commandEntriesMax?: number;
  readonly cacheBytesMax?: number;
}

const startTimer: StartTimer = (delayMs, fire) => {
  const timer = setTimeout(fire, delayMs);
  return () => clearTimeout(timer);
};

/**
 * A log server in this process's memory, for simulation and fast specs: the same contract as the real one, a clock
 * that can be driven, and faults at will.
 *
 * `connect` gives further clients of the same server; each closes for itself.
 */
export class InMemoryLogServer implements LogServer {
  readonly log: Log;
  readonly leases: Leases;
  readonly commands: CommandQueues;
  readonly caches: Caches;
  readonly signals: MemorySignals;
  readonly gate: Gate;
  readonly archived: Archived;
  private readonly waiters = new Set<MemoryWaiter>();
  private readonly stopListening: (() => void)[] = [];

  constructor(
    private readonly options: InMemoryOptions = {},
    readonly store: MemoryStore = new MemoryStore(),
    readonly faults: MemoryFaults = new MemoryFaults(store),
  ) {
    const nowMs = options.nowMs ?? Date.now;
    const leases = new MemoryLeases(store, faults, nowMs);
    this.leases = leases;
    const gate = new MemoryGate(store, faults, leases, options.gate ?? 'none');
    this.gate = gate;
    this.log = new MemoryLog(store, faults, leases, gate);
    this.commands = new MemoryCommandQueues(store, faults, { nowMs, commandEntriesMax: options.commandEntriesMax ?? COMMAND_ENTRIES_MAX });
    this.caches = new MemoryCaches(store, faults, options.cacheBytesMax ?? CACHE_BYTES_MAX);
    this.signals = new MemorySignals(store, faults);
    this.archived = new MemoryArchived(store, faults, this.signals, leases);
  }

  /** Another client of the same server. */
  connect(options: InMemoryOptions = {}): InMemoryLogServer {
    return new InMemoryLogServer({ ...this.options, ...options }, this.store, this.faults);
  }

  async partitions(partitionsDefault: number): Promise<number> {
    return (await this.identity({ partitions: partitionsDefault })).partitions;
  }

  async identity({ partitions, logId = randomUUID() }: { partitions: number; logId?: string }): Promise<LogIdentity> {
    checkPartitionCount(partitions);
    return this.faults.around('identity', undefined, () => {
      if (!this.store.identity && this.options.gate === 'guarded')
        throw new LogUnavailable('The log is not there yet: audit creates it, or restores it.', false);
      return (this.store.identity ??= { partitions, logId });
    });
  }

  /** There is one copy of everything. */
  async replicas(): Promise<number> {
    return this.faults.around('replicas', undefined, () => 0);
  }

  waiter(): Waiter {
    const waiter: MemoryWaiter = new MemoryWaiter(this.store, this.options.startTimer ?? startTimer, () => this.waiters.delete(waiter));
    this.waiters.add(waiter);
    return waiter;
  }

  async timeMs(): Promise<number> {
    return this.faults.around('time', undefined, this.options.nowMs ?? Date.now);
  }

  async ping(): Promise<boolean> {
    return !this.faults.isAway;
  }

  onReconnect(listener: () => void): void {
    this.stopListening.push(this.faults.onReturn(listener));
  }

  async close(): Promise<void> {
    for (const stop of this.stopListening.splice(0)) stop();
    this.signals.close();
    await Promise.all([...this.waiters].map((waiter) => waiter.close()));
  }
}
