import type { Lease, LogEntry } from './log';
import type { Position } from './position';

/**
 * How a client takes part in the gate: `none` works without it (a bench, a test, a log that nobody archives); `guarded`
 * reads and appends only while the gate of the partition is open; `keeper` looks behind it, restores, and opens it, and appends
 * of its own only then.
 */
export const GATE_ROLES = ['none', 'guarded', 'keeper'] as const;
export type GateRole = (typeof GATE_ROLES)[number];

export const needsOpenGate = (role: GateRole, toDo: 'read' | 'append'): boolean =>
  role === 'guarded' || (role === 'keeper' && toDo === 'append');

/** Whether owners and readers may work on a partition. */
export interface GateState {
  /** Of the log server, now: changes with each start and each failover. */
  readonly incarnation: string;
  /** `shut`: not looked at yet in this incarnation; `refused`: looked at, and it must not be opened. */
  readonly state: 'open' | 'shut' | 'refused';
  /** Why it was refused, and the way out. */
  readonly reason?: string;
}

/** How far a service had come, as its last commit says: what a recovered log server must not fall behind. */
export interface ServiceMark {
  readonly service: string;
  readonly epoch: number;
  /** Last command entry that was consumed, `<ms>-<n>`. */
  readonly entry: string;
}

export interface GateOpening {
  /** Where the log ends before the gate is opened. */
  readonly head: Position;
  /** The commit that opens the next generation; absent only for a log that was never open before. */
  readonly recovered?: { readonly generation: number; readonly body: string };
}

/**
 * Keeps owners and readers from a log that may have lost what it had. Every call that changes something proves with the
 * keeper's lease that nobody else is at it.
 */
export interface Gate {
  state(partition: number): Promise<GateState>;
  /**
   * Puts entries back behind the head, under their own positions, while the gate is not open.
   *
   * @param options.afresh the log begins with the first of them: what it has before is forgotten, and what comes between is left out.
   * @throws Fenced; LogRegressed when the head is not right before the first entry, or, afresh, not before it at all.
   */
  restore(lease: Lease, incarnation: string, entries: readonly LogEntry[], options?: { readonly afresh?: boolean }): Promise<void>;
  /**
   * Epochs and command ids go on behind these. A lease, but for the keeper's, that was given in an epoch that the log may
   * have had already is taken back.
   *
   * @throws Fenced.
   */
  mark(lease: Lease, marks: readonly ServiceMark[]): Promise<void>;
  /**
   * Appends the commit that opens the generation, and opens the gate, in one.
   *
   * @throws Fenced; LogRegressed when the log does not end at `head`.
   */
  open(lease: Lease, incarnation: string, opening: GateOpening): Promise<void>;
  /** Keeps the gate shut, and says why. @throws Fenced. */
  refuse(lease: Lease, incarnation: string, reason: string): Promise<void>;
}

/** How far a partition is archived: what is up to there survives the loss of the log server. */
export interface ArchivedState {
  readonly position: Position;
  /** The archive does not advance, and why. */
  readonly failing?: string;
}

/** Where the archive's keeper says how far it is, and others wait for it. */
export interface Archived {
  /**
   * In the name of whoever keeps the archive now: a keeper that has been followed by another tells nobody anything any more.
   *
   * @throws Fenced; LogRegressed when the log has another commit there, or none; LogUnavailable.
   */
  publish(lease: Lease, state: ArchivedState): Promise<void>;
  get(partition: number): Promise<ArchivedState | undefined>;
  /** A hint: after a lost connection, `get` again. @returns how to stop. */
  listen(partition: number, receive: (state: ArchivedState) => void): Promise<() => Promise<void>>;
}

/** What a log is, fixed when it is created. */
export interface LogIdentity {
  /** Tells this log from every other one, for ever. */
  readonly logId: string;
  readonly partitions: number;
}
