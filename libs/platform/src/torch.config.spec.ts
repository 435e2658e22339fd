import { hostname } from 'node:os';
import { join } from 'node:path';
import { EnvironmentInvalid } from './environment.errors';
import { readLogLevel, readTorchEnv, requireTokenSecret } from './torch.config';

const TORCH_LOG_URL = 'redis://127.0.0.1:6379';
const problemsOf = (variables: NodeJS.ProcessEnv): readonly string[] => {
  try {
    readTorchEnv(variables);
  } catch (error) {
    if (error instanceof EnvironmentInvalid) return error.problems;
    throw error;
  }
  return [];
};

describe('the environment of a service', () => {
  it('has a default for everything but the log', () => {
    expect(readTorchEnv({ TORCH_LOG_URL })).toEqual({
      logUrl: TORCH_LOG_URL,
      dataDir: '.torch',
      archiveDir: join('.torch', 'audit'),
      gate: 'audit',
      durability: 'archived',
      archiveOutage: 'refuse',
      replicasMin: 1,
      snapshotEveryCommits: 5000,
      idempotencyKeptMs: 86_400_000,
      idempotencyBytesMax: 67_108_864,
      gatewayHost: '127.0.0.1',
      gatewayPort: 7420,
      healthHost: '127.0.0.1',
      url: 'http://127.0.0.1:7420',
      node: hostname(),
      partitions: 8,
      logLevel: 'info',
    });
  });

  it('is read whole', () => {
    const secret = Buffer.alloc(32, 7).toString('base64url');
    const env = readTorchEnv({
      TORCH_LOG_URL: 'rediss://torch:hush@log.example:6380/2',
      TORCH_DATA_DIR: '/var/lib/torch',
      TORCH_GATEWAY_HOST: '::1',
      TORCH_GATEWAY_PORT: '0',
      TORCH_HEALTH_HOST: '0.0.0.0',
      TORCH_HEALTH_PORT: '8081',
      TORCH_TOKEN_SECRET: secret,
      TORCH_NODE: 'build-7',
      TORCH_PARTITIONS: '1024',
      TORCH_SNAPSHOT_COMMITS: '200',
      TORCH_IDEMPOTENCY_KEPT_MS: '3600000',
      TORCH_IDEMPOTENCY_BYTES_MAX: '1048576',
      TORCH_LOG_LEVEL: 'debug',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
    });
    expect(env).toMatchObject({
      logUrl: 'rediss://torch:hush@log.example:6380/2',
      url: 'http://[::1]:0',
      healthPort: 8081,
      partitions: 1024,
      snapshotEveryCommits: 200,
      idempotencyKeptMs: 3_600_000,
      idempotencyBytesMax: 1_048_576,
      otlpEndpoint: 'http://collector:4318',
    });
    expect(requireTokenSecret(env)).toEqual(new Uint8Array(32).fill(7));
  });

  it('promises no more than memory where nobody archives', () => {
    expect(readTorchEnv({ TORCH_LOG_URL, TORCH_GATE: 'none' })).toMatchObject({ gate: 'none', durability: 'memory' });
    const asked = {
      TORCH_DURABILITY: 'replicated',
      TORCH_ARCHIVE_OUTAGE: 'memory',
      TORCH_REPLICAS_MIN: '2',
      TORCH_ARCHIVE_DIR: '/archive',
    };
    expect(readTorchEnv({ TORCH_LOG_URL, ...asked })).toMatchObject({
      durability: 'replicated',
      archiveOutage: 'memory',
      replicasMin: 2,
      snapshotEveryCommits: 5000,
      archiveDir: '/archive',
    });
    expect(problemsOf({ TORCH_LOG_URL, TORCH_DURABILITY: 'eternal' })).toHaveLength(1);
  });

  it('treats an empty variable as one that is not set', () => {
    expect(readTorchEnv({ TORCH_LOG_URL, TORCH_GATEWAY_PORT: '', TORCH_LOG_LEVEL: ' ', OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toMatchObject({
      gatewayPort: 7420,
      logLevel: 'info',
    });
    expect(problemsOf({ TORCH_LOG_URL: '' })).toEqual(['TORCH_LOG_URL is not set; it takes a value such as redis://127.0.0.1:6379.']);
  });
});

describe('a variable that cannot be used', () => {
  it.each([
    [{ TORCH_GATEWAY_PORT: 'http' }, 'TORCH_GATEWAY_PORT is "http"; it takes a whole number from 0 to 65535.'],
    [{ TORCH_GATEWAY_PORT: '65536' }, 'TORCH_GATEWAY_PORT is "65536"; it takes a whole number from 0 to 65535.'],
    [{ TORCH_GATEWAY_PORT: '1e3' }, 'TORCH_GATEWAY_PORT is "1e3"; it takes a whole number from 0 to 65535.'],
    [{ TORCH_HEALTH_PORT: '-1' }, 'TORCH_HEALTH_PORT is "-1"; it takes a whole number from 0 to 65535.'],
    [{ TORCH_PARTITIONS: '0' }, 'TORCH_PARTITIONS is "0"; it takes a whole number from 1 to 1024.'],
    [{ TORCH_LOG_LEVEL: 'loud' }, 'TORCH_LOG_LEVEL is "loud"; it takes one of trace, debug, info, warn, error, fatal, silent.'],
    [{ TORCH_URL: 'torch.example' }, 'TORCH_URL takes an address that starts with http:// or https://.'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://collector' },
      'OTEL_EXPORTER_OTLP_ENDPOINT takes an address that starts with http:// or https://.',
    ],
    [{ TORCH_TOKEN_SECRET: 'short' }, 'TORCH_TOKEN_SECRET takes at least 32 random bytes in base64url.'],
  ])('%j is named, with what it may hold', (variables, problem) => {
    expect(problemsOf({ TORCH_LOG_URL, ...variables })).toEqual([problem]);
  });

  it('does not show a password', () => {
    expect(problemsOf({ TORCH_LOG_URL: 'http://:hush@log' })).toEqual([
      'TORCH_LOG_URL takes an address that starts with redis:// or rediss://.',
    ]);
  });

  it('is told together with all the others', () => {
    expect(problemsOf({ TORCH_GATEWAY_PORT: 'x', TORCH_PARTITIONS: 'y' })).toHaveLength(3);
    expect(() => readTorchEnv({})).toThrow(EnvironmentInvalid);
  });
});

describe('TLS to the log server', () => {
  it('is told with everything else that cannot be used', () => {
    expect(problemsOf({ TORCH_LOG_URL, TORCH_LOG_CA: 'ca.pem', TORCH_PARTITIONS: 'y' })).toEqual([
      'TORCH_LOG_CA needs TLS, but TORCH_LOG_URL does not start with rediss://.',
      'TORCH_PARTITIONS is "y"; it takes a whole number from 1 to 1024.',
    ]);
    expect(readTorchEnv({ TORCH_LOG_URL: 'rediss://log.example', TORCH_LOG_SERVER_NAME: 'log.internal' }).logTls).toEqual({
      serverName: 'log.internal',
    });
  });
});

describe('a service that needs the token secret', () => {
  it('says so when there is none', () => {
    expect(() => requireTokenSecret(readTorchEnv({ TORCH_LOG_URL }))).toThrow(
      'TORCH_TOKEN_SECRET is not set; it takes at least 32 random bytes in base64url.',
    );
  });
});

describe('the log level', () => {
  it('is info where it is not set, or not one', () => {
    expect([readLogLevel({}), readLogLevel({ TORCH_LOG_LEVEL: 'loud' }), readLogLevel({ TORCH_LOG_LEVEL: 'warn' })]).toEqual([
      'info',
      'info',
      'warn',
    ]);
  });
});
