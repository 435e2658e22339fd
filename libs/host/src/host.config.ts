/** Every limit of the host. Times in milliseconds. */
export interface HostConfig {
  /** Owner's lease. A standby takes over at most this and `acquireEveryMs` after the owner fell silent. */
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  readonly acquireEveryMs: number;
  /** Commands decided in one turn at most. */
  readonly turnCommandsMax: number;
  /** Bytes of events after which a turn takes no further command from the queue. */
  readonly turnBytesMax: number;
  /** Pause between news of the log and reading it. Commands are read at once. */
  readonly logGatherMs: number;
  /** Entries read from the log, and from the command queue, at a time. */
  readonly readEntriesMax: number;
  /** How long the answer to a command is remembered under its idempotency id; beyond it, the same id is a new command. */
  readonly idempotencyKeptMs: number;
  /** Bytes of answers that are remembered for each service and partition: of more, the oldest are forgotten before their time. */
  readonly idempotencyBytesMax: number;
  /** Commits of the partition's log, whoever wrote them, between two snapshots. */
  readonly snapshotEveryCommits: number;
  /** Part of an owner's time that snapshots may take: while one is written, nothing is decided. */
  readonly snapshotShareMax: number;
  /** Commands of the service's own that wait for a turn, before `submit` waits too. */
  readonly ownCommandsMax: number;
  /** Queries that wait for the end of a turn; beyond it they are refused as `busy`. */
  readonly queriesWaitingMax: number;
  /** First and longest pause between attempts to reach the log server. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** Attempts of one effect before it is given up, recorded in the log file, and the next one taken. */
  readonly effectAttemptsMax: number;
}

export const HOST_DEFAULTS: HostConfig = {
  leaseMs: 3000,
  renewEveryMs: 1000,
  acquireEveryMs: 500,
  turnCommandsMax: 256,
  turnBytesMax: 512 * 1024,
  logGatherMs: 20,
  readEntriesMax: 500,
  idempotencyKeptMs: 24 * 60 * 60 * 1000,
  idempotencyBytesMax: 64 * 1024 * 1024,
  snapshotEveryCommits: 5000,
  snapshotShareMax: 0.05,
  ownCommandsMax: 10_000,
  queriesWaitingMax: 10_000,
  retryMs: 50,
  retryMsMax: 1000,
  effectAttemptsMax: 10,
};
