import type { GateRole } from '../gate';
import type { LogServer } from '../log';

export interface ConnectOptions {
  /** Entries that a command queue holds before it refuses more. */
  readonly commandEntriesMax?: number;
  /** Default: `none`. */
  readonly gate?: GateRole;
}

/** One log server with nothing in it, and what a test must be able to do to it. */
export interface LogServerSubject {
  /** A further client of it. */
  connect(options?: ConnectOptions): Promise<LogServer>;
  /** Polls while time passes as the leases see it. Rejects when `condition` does not come true in 10 s. */
  eventually(condition: () => Promise<boolean> | boolean, what: string): Promise<void>;
  /** Takes the entry at `position` out of the log behind the server's back. */
  removeEntry(partition: number, position: string): Promise<void>;
  /** Sets the log and its head back, as a server does that lost what came last. `lastSeq` is the last that is left. */
  loseTail(partition: number, lastSeq: number): Promise<void>;
  /** Closes every client, and forgets the data. */
  dispose(): Promise<void>;
}

/** What must hold, by its name. Each check gets an empty log server, and rejects when it does not hold. */
export type Checks = Readonly<Record<string, (subject: LogServerSubject) => Promise<void>>>;
