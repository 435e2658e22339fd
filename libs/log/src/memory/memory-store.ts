import type { ArchivedState, LogIdentity } from '../gate';
import { type CommandEntry, type LogEntry } from '../log';
import { START, type Position } from '../position';

export interface HeldLease {
  readonly holder: string;
  readonly epoch: number;
  readonly untilMs: number;
}

/** Everything that the log server keeps for one partition. */
export interface PartitionData {
  entries: LogEntry[];
  head: Position;
  readonly trimGuard: Map<string, number>;
  readonly leases: Map<string, HeldLease>;
  readonly epochs: Map<string, number>;
  readonly queues: Map<string, CommandEntry[]>;
  readonly lastCommandIds: Map<string, string>;
  readonly caches: Map<string, string>;
  /** Incarnation for which the gate is open, or was refused and why. */
  gate?: { readonly incarnation: string; readonly refused?: string };
  archived?: ArchivedState;
}

const emptyPartition = (): PartitionData => ({
  entries: [],
  head: START,
  trimGuard: new Map(),
  leases: new Map(),
  epochs: new Map(),
  queues: new Map(),
  lastCommandIds: new Map(),
  caches: new Map(),
});

/** Everything that the log server keeps, shared by all its clients. */
export class MemoryStore {
  private partitions = new Map<number, PartitionData>();
  identity: LogIdentity | undefined;
  private incarnations = 1;
  private readonly changeListeners = new Set<() => void>();
  readonly channels = new Map<string, Set<(body: string) => void>>();

  partition(partition: number): PartitionData {
    let data = this.partitions.get(partition);
    if (!data) this.partitions.set(partition, (data = emptyPartition()));
    return data;
  }

  /** Calls `listener` after every append and every command sent. @returns how to stop. */
  onChange(listener: () => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }

  changed(): void {
    for (const listener of [...this.changeListeners]) listener();
  }

  /** Of the log server, now. */
  get incarnation(): string {
    return `run-${this.incarnations}`;
  }

  /** The log server ends and starts anew, with what it has; `restore` or `empty` says with what. */
  restart(): void {
    this.incarnations++;
  }

  /** As a log server that kept nothing. */
  empty(): void {
    this.partitions = new Map();
    this.identity = undefined;
  }

  /** Everything as it is now, for `restore`. */
  snapshot(): unknown {
    return structuredClone({ partitions: this.partitions, identity: this.identity });
  }

  /** Goes back to an earlier `snapshot`, as a log server does that lost what came after it. */
  restore(snapshot: unknown): void {
    const copy = structuredClone(snapshot) as Pick<MemoryStore, 'identity'> & { partitions: Map<number, PartitionData> };
    this.partitions = copy.partitions;
    this.identity = copy.identity;
  }
}
