import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

/** One limit of the gateway: its variable, default and range. */
interface Limit {
  readonly variable: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

const limit = (variable: string, value: number, min: number, max: number): Limit => ({
  variable: `TORCH_GATEWAY_${variable}`,
  value,
  min,
  max,
});

const KIB = 1024;
const MIB = 1024 * KIB;

/** Every limit of the gateway. Each can be set by its environment variable. */
const LIMITS = {
  /** Of a JSON body. */
  bodyBytesMax: limit('BODY_BYTES_MAX', MIB, KIB, 16 * MIB),
  /** Levels of objects and lists in a JSON body. */
  bodyDepthMax: limit('BODY_DEPTH_MAX', 32, 8, 256),
  /** Problems that one answer names; the rest are counted. */
  problemsMax: limit('PROBLEMS_MAX', 100, 1, 1000),
  /** Of one piece of output that an agent hands in. */
  outputChunkBytesMax: limit('OUTPUT_CHUNK_BYTES_MAX', 256 * KIB, KIB, 16 * MIB),
  /** Of all output that is kept of one attempt. */
  outputBytesMax: limit('OUTPUT_BYTES_MAX', 10 * MIB, KIB, 1024 * MIB),
  /** How often a followed output is looked at when nothing says that it grew. */
  outputPollMs: limit('OUTPUT_POLL_MS', 500, 10, 60_000),
  /** In all, for one command or query and everything done for it; a caller hears 503 after that. */
  deadlineMs: limit('DEADLINE_MS', 1800, 100, 60_000),
  /** For asking every owner how it is doing; one that has not answered by then is called missing. */
  statusDeadlineMs: limit('STATUS_DEADLINE_MS', 1000, 50, 60_000),
  /** For checking the chain of every partition. */
  verifyDeadlineMs: limit('VERIFY_DEADLINE_MS', 120_000, 1000, 3_600_000),
  /** What a caller is told to wait before it tries again, in whole seconds. */
  retryAfterS: limit('RETRY_AFTER_S', 1, 1, 3600),
  /** Between two looks at the log server, and how long one may take. */
  watchEveryMs: limit('WATCH_EVERY_MS', 250, 10, 60_000),
  watchTimeoutMs: limit('WATCH_TIMEOUT_MS', 1000, 10, 60_000),
  /** Open event streams, agent streams and followed outputs, all together. */
  streamsMax: limit('STREAMS_MAX', 4096, 1, 1_000_000),
  /** That a stream's client may be behind before it is cut off; it reconnects and gets everything open again. */
  streamBufferBytesMax: limit('STREAM_BUFFER_BYTES_MAX', 4 * MIB, 16 * KIB, 256 * MIB),
  /** That an event stream's client may be behind before reading on waits for it. */
  streamPauseBytes: limit('STREAM_PAUSE_BYTES', 256 * KIB, KIB, 256 * MIB),
  /** How long reading on waits for an event stream's client before it is cut off. */
  streamStallMs: limit('STREAM_STALL_MS', 30_000, 10, 3_600_000),
  /** Events of an agent that wait while its stream is being opened or its work is being looked up. */
  streamPendingMax: limit('STREAM_PENDING_MAX', 10_000, 1, 1_000_000),
  /** Between two signs of life on an otherwise silent stream. */
  pingEveryMs: limit('PING_EVERY_MS', 10_000, 10, 600_000),
  /** How long heartbeats and other signs of life are gathered before the registry is told of them together. */
  heartbeatGatherMs: limit('HEARTBEAT_GATHER_MS', 20, 1, 1000),
  /** Between two times that the registry is told of an agent that it is connected. */
  connectionEveryMs: limit('CONNECTION_EVERY_MS', 5000, 10, 60_000),
  /** Projects, attempts and tasks that are remembered to save a query. */
  knownProjectsMax: limit('KNOWN_PROJECTS_MAX', 10_000, 1, 1_000_000),
  knownAttemptsMax: limit('KNOWN_ATTEMPTS_MAX', 20_000, 1, 1_000_000),
  knownSpecsBytesMax: limit('KNOWN_SPECS_BYTES_MAX', 16 * MIB, 64 * KIB, 1024 * MIB),
  /** Dispatches that wait to be recorded; what is beyond is not, and the message stays queued until it is delivered. */
  dispatchesWaitingMax: limit('DISPATCHES_WAITING_MAX', 20_000, 1, 1_000_000),
  /** How long dispatches are gathered before they are recorded together; most messages have got further by then. */
  dispatchGatherMs: limit('DISPATCH_GATHER_MS', 100, 1, 60_000),
  /** How long refusals and grants are gathered before they are recorded together. */
  accessGatherMs: limit('ACCESS_GATHER_MS', 250, 1, 60_000),
  /** Grants and refusals that wait to be recorded; refusals beyond are counted in one event, grants are recorded at a later request. */
  accessWaitingMax: limit('ACCESS_WAITING_MAX', 5000, 1, 1_000_000),
  /** Refusals alike (caller, method, route, code) become one event, and the next one no earlier than this. */
  refusalWindowMs: limit('REFUSAL_WINDOW_MS', 60_000, 10, 3_600_000),
  /** Kinds of refusals that are told apart in a window; those of further kinds are counted in one event. */
  refusalKindsMax: limit('REFUSAL_KINDS_MAX', 1000, 1, 100_000),
  /** Projects named in refused requests that the registry is asked about in a window; refusals for further ones are the system's. */
  refusalProjectsMax: limit('REFUSAL_PROJECTS_MAX', 32, 1, 10_000),
  /** One event says that a caller used a project in this time, to read or to write. */
  grantWindowMs: limit('GRANT_WINDOW_MS', 3_600_000, 1000, 7 * 24 * 3_600_000),
  /** Callers, projects and kinds of access whose event is known to be written. */
  grantsKnownMax: limit('GRANTS_KNOWN_MAX', 50_000, 1, 10_000_000),
  /** Log entries that are read at a time. */
  readEntriesMax: limit('READ_ENTRIES_MAX', 500, 1, 10_000),
  /** How long one request reads the log for a task's history; the answer then says where to go on. */
  historyReadMs: limit('HISTORY_READ_MS', 1200, 10, 60_000),
  /** Events of a page of the project's history when the request does not say, and of each page that an export asks for. */
  historyPageDefault: limit('HISTORY_PAGE_DEFAULT', 100, 1, 1000),
  historyExportPage: limit('HISTORY_EXPORT_PAGE', 1000, 1, 1000),
  /** How long an export keeps asking for a page that cannot be had just now. */
  historyPatienceMs: limit('HISTORY_PATIENCE_MS', 30_000, 0, 3_600_000),
  /** Exports of history at the same time. */
  exportsMax: limit('EXPORTS_MAX', 4, 1, 1000),
  historyEventsMax: limit('HISTORY_EVENTS_MAX', 2000, 1, 100_000),
  /** By how much the clocks of the services may differ. */
  clockSkewMs: limit('CLOCK_SKEW_MS', 10_000, 0, 3_600_000),
  /** Requests of one caller in a second, of those that read and those that write. */
  readsPerSecondMax: limit('READS_PER_SECOND_MAX', 2000, 1, 1_000_000),
  writesPerSecondMax: limit('WRITES_PER_SECOND_MAX', 4000, 1, 1_000_000),
  /** Callers whose requests are counted at the same time. */
  callersMax: limit('CALLERS_MAX', 50_000, 1, 10_000_000),
} as const satisfies Record<string, Limit>;

/** See `LIMITS` for what each means; numbers carry their unit in the name. */
export type GatewayConfig = { readonly [Name in keyof typeof LIMITS]: number };

export const GATEWAY_CONFIG = Symbol('GATEWAY_CONFIG');

export const GATEWAY_DEFAULTS: GatewayConfig = gatewayConfig({});

/** @throws EnvironmentInvalid naming every variable whose value does not fit. */
export function gatewayConfig(variables: NodeJS.ProcessEnv): GatewayConfig {
  const read = new EnvironmentReader(variables);
  const entries = Object.entries(LIMITS).map(([name, { variable, value, min, max }]) => [
    name,
    read.whole(variable, { min, max }) ?? value,
  ]);
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return Object.fromEntries(entries) as GatewayConfig;
}
