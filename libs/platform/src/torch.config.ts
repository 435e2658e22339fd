import { hostname } from 'node:os';
import { DURABILITIES, type Durability } from '@torch/contracts';
import { HOST_DEFAULTS } from '@torch/host';
import { PARTITIONS_DEFAULT, PARTITIONS_MAX } from '@torch/log';
import { type LogTls, LogTlsInvalid, readLogTls } from '@torch/log-dragonfly/access';
import { join } from 'node:path';
import { EnvironmentInvalid } from './environment.errors';
import { EnvironmentReader } from './environment.reader';

export const GATEWAY_PORT_DEFAULT = 7420;
export const LOOPBACK = '127.0.0.1';
/** Bytes of the key that signs tokens; HS256 is as strong as its key. */
export const TOKEN_SECRET_BYTES_MIN = 32;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const GATES = ['audit', 'none'] as const;
export const ARCHIVE_OUTAGES = ['refuse', 'memory'] as const;
const REPLICAS_MAX = 16;

/** What a service process is told by its environment, checked and with every default filled in. */
export interface TorchEnv {
  /** `TORCH_LOG_URL`: redis:// or rediss://. May hold a password: never log it. */
  readonly logUrl: string;
  /** `TORCH_LOG_CA`, `TORCH_LOG_CERT`, `TORCH_LOG_KEY` (files in PEM) and `TORCH_LOG_SERVER_NAME`, for rediss://. */
  readonly logTls?: LogTls;
  /** `TORCH_DATA_DIR`, default `.torch`. */
  readonly dataDir: string;
  /** `TORCH_ARCHIVE_DIR`, default `audit` in the data directory. */
  readonly archiveDir: string;
  /**
   * `TORCH_GATE`, default `audit`: nobody works on a log before audit has made sure that it has all that is archived. With
   * `none`, for a log that nobody archives, what the log server loses is lost.
   */
  readonly gate: (typeof GATES)[number];
  /** `TORCH_DURABILITY`: what an acknowledgement promises unless the request or its project says otherwise; default `archived`, `memory` without the gate. */
  readonly durability: Durability;
  /**
   * `TORCH_ARCHIVE_OUTAGE`, while the archive does not advance: `refuse` such acknowledgements, the default, or give `memory`
   * instead where nobody asked for more.
   */
  readonly archiveOutage: (typeof ARCHIVE_OUTAGES)[number];
  /** `TORCH_REPLICAS_MIN`, default 1: replicas that must have what is acknowledged as `replicated`. */
  readonly replicasMin: number;
  /** `TORCH_SNAPSHOT_COMMITS`, default 5000: commits of a partition between two snapshots of a service's state. */
  readonly snapshotEveryCommits: number;
  /** `TORCH_IDEMPOTENCY_KEPT_MS`, default 24 h: how long the answer to a command is remembered under its idempotency id. */
  readonly idempotencyKeptMs: number;
  /** `TORCH_IDEMPOTENCY_BYTES_MAX`, default 64 MiB: what a service may take for that on each partition. */
  readonly idempotencyBytesMax: number;
  /** `TORCH_GATEWAY_HOST`, default loopback. */
  readonly gatewayHost: string;
  /** `TORCH_GATEWAY_PORT`, default 7420; 0 takes a free one. */
  readonly gatewayPort: number;
  /** `TORCH_HEALTH_HOST` and `TORCH_HEALTH_PORT`: where services other than the gateway answer health checks; no port, no answers. */
  readonly healthHost: string;
  readonly healthPort?: number;
  /** `TORCH_TOKEN_SECRET`, base64url. */
  readonly tokenSecret?: Uint8Array;
  /** `TORCH_URL`: the gateway as agents reach it; default its host and port. */
  readonly url: string;
  /** `TORCH_NODE`, default the host's name. */
  readonly node: string;
  /** `TORCH_PARTITIONS`: counts only when the log is created. */
  readonly partitions: number;
  /** `TORCH_LOG_LEVEL`, default `info`. */
  readonly logLevel: LogLevel;
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`; absent: no traces, and no cost. */
  readonly otlpEndpoint?: string;
}

/** @throws EnvironmentInvalid naming every variable that cannot be used, and what it may hold. */
export function readTorchEnv(variables: NodeJS.ProcessEnv = process.env): TorchEnv {
  const read = new EnvironmentReader(variables);
  const gatewayHost = read.text('TORCH_GATEWAY_HOST') ?? LOOPBACK;
  const gatewayPort = read.whole('TORCH_GATEWAY_PORT', { min: 0, max: 65_535 }) ?? GATEWAY_PORT_DEFAULT;
  const dataDir = read.text('TORCH_DATA_DIR') ?? '.torch';
  const gate = read.oneOf('TORCH_GATE', GATES) ?? 'audit';
  const logUrl = read.required('TORCH_LOG_URL', 'redis://127.0.0.1:6379', () => read.url('TORCH_LOG_URL', ['redis:', 'rediss:']));
  const env: TorchEnv = {
    logUrl: logUrl ?? '',
    logTls: logUrl === undefined ? undefined : logTls(logUrl, variables, read.problems),
    dataDir,
    archiveDir: read.text('TORCH_ARCHIVE_DIR') ?? join(dataDir, 'audit'),
    gate,
    durability: read.oneOf('TORCH_DURABILITY', DURABILITIES) ?? (gate === 'audit' ? 'archived' : 'memory'),
    archiveOutage: read.oneOf('TORCH_ARCHIVE_OUTAGE', ARCHIVE_OUTAGES) ?? 'refuse',
    replicasMin: read.whole('TORCH_REPLICAS_MIN', { min: 1, max: REPLICAS_MAX }) ?? 1,
    snapshotEveryCommits: read.whole('TORCH_SNAPSHOT_COMMITS', { min: 10, max: 10_000_000 }) ?? HOST_DEFAULTS.snapshotEveryCommits,
    idempotencyKeptMs: read.whole('TORCH_IDEMPOTENCY_KEPT_MS', { min: 60_000, max: 31_536_000_000 }) ?? HOST_DEFAULTS.idempotencyKeptMs,
    idempotencyBytesMax:
      read.whole('TORCH_IDEMPOTENCY_BYTES_MAX', { min: 65_536, max: 1_073_741_824 }) ?? HOST_DEFAULTS.idempotencyBytesMax,
    gatewayHost,
    gatewayPort,
    healthHost: read.text('TORCH_HEALTH_HOST') ?? LOOPBACK,
    healthPort: read.whole('TORCH_HEALTH_PORT', { min: 0, max: 65_535 }),
    tokenSecret: read.secret('TORCH_TOKEN_SECRET', TOKEN_SECRET_BYTES_MIN),
    url:
      read.url('TORCH_URL', ['http:', 'https:']) ?? `http://${gatewayHost.includes(':') ? `[${gatewayHost}]` : gatewayHost}:${gatewayPort}`,
    node: read.text('TORCH_NODE') ?? hostname(),
    partitions: read.whole('TORCH_PARTITIONS', { min: 1, max: PARTITIONS_MAX }) ?? PARTITIONS_DEFAULT,
    logLevel: read.oneOf('TORCH_LOG_LEVEL', LOG_LEVELS) ?? 'info',
    otlpEndpoint: read.url('OTEL_EXPORTER_OTLP_ENDPOINT', ['http:', 'https:']),
  };
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return env;
}

function logTls(logUrl: string, variables: NodeJS.ProcessEnv, problems: string[]): LogTls | undefined {
  try {
    return readLogTls(logUrl, variables);
  } catch (error) {
    if (!(error instanceof LogTlsInvalid)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** The level alone, for the logger, which is there before the rest is checked. */
export function readLogLevel(variables: NodeJS.ProcessEnv = process.env): LogLevel {
  return new EnvironmentReader(variables).oneOf('TORCH_LOG_LEVEL', LOG_LEVELS) ?? 'info';
}

/** @throws EnvironmentInvalid where a service cannot work without the key. */
export function requireTokenSecret({ tokenSecret }: Pick<TorchEnv, 'tokenSecret'>): Uint8Array {
  if (tokenSecret) return tokenSecret;
  throw new EnvironmentInvalid([`TORCH_TOKEN_SECRET is not set; it takes at least ${TOKEN_SECRET_BYTES_MIN} random bytes in base64url.`]);
}
