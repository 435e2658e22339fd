import { hostname } from 'node:os';
import { PARTITIONS_DEFAULT, PARTITIONS_MAX } from '@torch/log';
import { EnvironmentInvalid } from './environment.errors';
import { EnvironmentReader } from './environment.reader';

export const GATEWAY_PORT_DEFAULT = 7420;
export const LOOPBACK = '127.0.0.1';
/** Bytes of the key that signs tokens; HS256 is as strong as its key. */
export const TOKEN_SECRET_BYTES_MIN = 32;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a service process is told by its environment, checked and with every default filled in. */
export interface TorchEnv {
  /** `TORCH_LOG_URL`: redis:// or rediss://. May hold a password: never log it. */
  readonly logUrl: string;
  /** `TORCH_DATA_DIR`, default `.torch`. */
  readonly dataDir: string;
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
  const env: TorchEnv = {
    logUrl: read.required('TORCH_LOG_URL', 'redis://127.0.0.1:6379', () => read.url('TORCH_LOG_URL', ['redis:', 'rediss:'])) ?? '',
    dataDir: read.text('TORCH_DATA_DIR') ?? '.torch',
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

/** The level alone, for the logger, which is there before the rest is checked. */
export function readLogLevel(variables: NodeJS.ProcessEnv = process.env): LogLevel {
  return new EnvironmentReader(variables).oneOf('TORCH_LOG_LEVEL', LOG_LEVELS) ?? 'info';
}

/** @throws EnvironmentInvalid where a service cannot work without the key. */
export function requireTokenSecret({ tokenSecret }: Pick<TorchEnv, 'tokenSecret'>): Uint8Array {
  if (tokenSecret) return tokenSecret;
  throw new EnvironmentInvalid([`TORCH_TOKEN_SECRET is not set; it takes at least ${TOKEN_SECRET_BYTES_MIN} random bytes in base64url.`]);
}
