import type { Archived, Gate, LogIdentity } from './gate';
import type { Position } from './position';

export const EVENT_BYTES_MAX = 64 * 1024;
export const COMMIT_BYTES_MAX = 1024 * 1024;
/** All commits of one `append` together. */
export const APPEND_BYTES_MAX = 64 * 1024 * 1024;

/** What an owner proves with every append: it holds this lease, and the log still holds all that it has seen. */
export interface Fence {
  readonly partition: number;
  readonly service: string;
  readonly holder: string;
  readonly epoch: number;
  /** The furthest commit that this owner has seen. */
  readonly seen: Position;
  /** Generation of what is appended; at least that of `seen`. */
  readonly generation: number;
}

/** One commit as the log holds it. The log does not look into `body`. */
export interface LogEntry {
  readonly position: Position;
  readonly body: string;
}

/** The append-only, totally ordered log of every partition. */
export interface Log {
  /**
   * Appends commits, in order, with nothing of anybody else's between them, or none of them.
   *
   * @returns the position of the first; the others follow contiguously.
   * @throws Fenced, LogRegressed, EntryTooLarge: nothing was appended. RangeError without a body, or for a generation
   * below that of `seen`.
   * @throws LogUnavailable: with `outcomeUnknown`, all or none of them were; read on from `seen` to find out.
   */
  append(fence: Fence, bodies: readonly string[]): Promise<Position>;
  /**
   * Up to `limit` entries behind `afterSeq`, in order and without a hole.
   *
   * @throws Gap when an entry is missing in between, or `afterSeq + 1` has been trimmed away.
   * @throws LogRegressed when the log ends before `afterSeq`: what the reader has seen is gone.
   */
  read(partition: number, afterSeq: number, limit: number): Promise<readonly LogEntry[]>;
  /** Where the log ends now; `START` for an empty log. */
  head(partition: number): Promise<Position>;
  /** The oldest entry still there; undefined for an empty log. */
  first(partition: number): Promise<Position | undefined>;
  /**
   * Forgets entries below `belowSeq`.
   *
   * @throws RangeError when `belowSeq` is above the guard: the lowest position that a snapshot, a reader or the
   * archive still needs, as last stated with `setTrimGuard`.
   */
  trim(partition: number, belowSeq: number): Promise<void>;
  /** States that `reader` needs nothing below `seq` any more. The guard is the lowest of all statements. */
  setTrimGuard(partition: number, reader: string, seq: number): Promise<void>;
  /** All statements, by reader. */
  trimGuards(partition: number): Promise<ReadonlyMap<string, number>>;
}

/** A lease on deciding for one service on one partition. The epoch grows with every change of hands. */
export interface Lease {
  readonly partition: number;
  readonly service: string;
  readonly holder: string;
  readonly epoch: number;
}

export interface Leases {
  /** The lease in a new epoch, or undefined while another holder has it. */
  acquire(partition: number, service: string, holder: string, leaseMs: number): Promise<Lease | undefined>;
  /** False when the lease is no longer held. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>;
  /** Lets a standby in at once. Does nothing when the lease is no longer held. */
  release(lease: Lease): Promise<void>;
  /** Who holds the lease now. */
  holder(partition: number, service: string): Promise<Lease | undefined>;
}

/** One entry of a command queue: commands that one sender sent together, as JSON. */
export interface CommandEntry {
  /** Ordered, as the queue gave it: `<ms>-<n>`. */
  readonly id: string;
  readonly body: string;
}

/** Entries that a command queue holds before it refuses more. */
export const COMMAND_ENTRIES_MAX = 20_000;
export const COMMAND_ENTRY_BYTES_MAX = 1024 * 1024;

/** Where the commands of each service wait for the owner of their partition. */
export interface CommandQueues {
  /**
   * @returns the id of the entry.
   * @throws QueueFull, LogUnavailable, EntryTooLarge (over 1 MiB).
   */
  send(partition: number, service: string, body: string): Promise<string>;
  /** Whether the queue still has that entry. It has not when the entry was consumed and forgotten, and when the log server lost it. */
  holds(partition: number, service: string, entryId: string): Promise<boolean>;
  read(partition: number, service: string, afterId: string, limit: number): Promise<readonly CommandEntry[]>;
  /** Forgets what is consumed: entries up to and including `throughId`. */
  trim(partition: number, service: string, throughId: string): Promise<void>;
}

export interface WaitFor {
  readonly partition: number;
  /** Wake when the log goes on behind this seq. */
  readonly afterSeq?: number;
  /** Wake when a command of this service comes behind this id. */
  readonly commands?: { readonly service: string; readonly afterId: string };
}

/** The longest that a `wait` takes. */
export const WAIT_MS_MAX = 2000;

/** Waits on a connection of its own, so that nothing else waits behind it. One wait at a time. */
export interface Waiter {
  /**
   * Resolves when there may be something to read, and after at most 2 s, also while the log server is away.
   * A hint: read to find out.
   *
   * @throws LogUnavailable after `close`.
   */
  wait(what: WaitFor): Promise<void>;
  close(): Promise<void>;
}

/** The longest value of a cache, unless set otherwise. */
export const CACHE_BYTES_MAX = 64 * 1024 * 1024;

/** State of owners and readers that can be thrown away and rebuilt from the log. */
export interface Caches {
  /** Larger values are refused quietly by callers: `bytesMax` says how much fits. */
  readonly bytesMax: number;
  get(partition: number, name: string): Promise<string | undefined>;
  /** @throws EntryTooLarge over `bytesMax`. */
  set(partition: number, name: string, value: string): Promise<void>;
}

/** Fire-and-forget text between instances: requests, answers. Whoever is not listening misses it. */
export interface Signals {
  /** How many listened. */
  publish(channel: string, body: string): Promise<number>;
  /** @returns how to stop listening. */
  listen(channel: string, receive: (body: string) => void): Promise<() => Promise<void>>;
}

/** Everything that the log server does for Torch, behind one connection set. */
export interface LogServer {
  readonly log: Log;
  readonly leases: Leases;
  readonly commands: CommandQueues;
  readonly caches: Caches;
  readonly signals: Signals;
  readonly gate: Gate;
  readonly archived: Archived;
  /** The partition count, fixed when the log was created. As `identity`. */
  partitions(partitionsDefault: number): Promise<number>;
  /**
   * What the log is. On an empty server it is created: under the identity given, or under a new one.
   *
   * @throws LogUnavailable when there is none and this client is guarded by the gate: its keeper creates the log.
   */
  identity(created: { readonly partitions: number; readonly logId?: string }): Promise<LogIdentity>;
  /**
   * How many replicas have everything that was in the log when this was called, waiting at most `waitMs` for
   * `replicasMin` of them. 0 where there are none.
   */
  replicas(replicasMin: number, waitMs: number): Promise<number>;
  waiter(): Waiter;
  /** The log server's own clock, epoch ms: the one clock that all owners share. */
  timeMs(): Promise<number>;
  /** True while the log server answers. */
  ping(): Promise<boolean>;
  /** Called whenever a connection was lost and is there again, before anything else is sent over it. */
  onReconnect(listener: () => void): void;
  close(): Promise<void>;
}
