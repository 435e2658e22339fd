/** Every limit of the host. Times in milliseconds. */
export interface HostConfig {
  /** Owner's lease. A standby takes over at most this and `acquireEveryMs` after the owner fell silent. */
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  readonly acquireEveryMs: number;
  /** Commands decided in one turn at most. */
  readonly turnCommandsMax: number;
  /** Bytes of events that one turn makes, over commands, reactions, timers and settling; what is left goes on in the next. */
  readonly turnBytesMax: number;
  /** How long one turn decides, likewise. */
  readonly turnMsMax: number;
  /** How long a turn decides before everybody else in the process has a turn, such as the renewal of the lease. */
  readonly turnSliceMs: number;
  /** Commands of one project's timers that are decided at a time. */
  readonly timersAtOnceMax: number;
  /** How long a new owner holds back what ends other people's leases and time-outs, so that they are heard first. */
  readonly leaseGraceMs: number;
  /** A project whose rules fail again within this, after its state was built anew, is quarantined. */
  readonly faultProbationMs: number;
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
  /** Queries that an owner has in hand, waiting for the end of a turn, being answered or on their way back; beyond it they are refused as `busy`. */
  readonly queriesWaitingMax: number;
  /** Queries that are being answered beside the owner's loop, at a time. Others wait until there is room, or until nobody waits for them. */
  readonly queriesRunningMax: number;
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
  turnBytesMax: 2 * 1024 * 1024,
  turnMsMax: 200,
  turnSliceMs: 10,
  timersAtOnceMax: 250,
  leaseGraceMs: 10_000,
  faultProbationMs: 60_000,
  logGatherMs: 20,
  readEntriesMax: 500,
  idempotencyKeptMs: 24 * 60 * 60 * 1000,
  idempotencyBytesMax: 64 * 1024 * 1024,
  snapshotEveryCommits: 5000,
  snapshotShareMax: 0.05,
  ownCommandsMax: 10_000,
  queriesWaitingMax: 10_000,
  queriesRunningMax: 64,
  retryMs: 50,
  retryMsMax: 1000,
  effectAttemptsMax: 10,
};
