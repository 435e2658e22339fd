import { connectReason, type LogTls, tlsOption } from '@torch/log-dragonfly/access';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogServerKind } from './log-server.binary';

const CONNECT_TIMEOUT_MS = 2000;
const POLL_MS = 25;

/** What a log server says about itself. */
export interface LogServerInfo {
  readonly kind: LogServerKind;
  readonly version: string;
  /** True while it still reads its data from disk. */
  readonly loading: boolean;
}

/** Asks a log server once. @throws Error when it cannot be reached, refuses the password or does not answer within 2 s. */
export async function probeLogServer(url: string, tls?: LogTls): Promise<LogServerInfo> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, {
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    ...tlsOption({ url, tls }),
  });
  let lastError: Error | undefined;
  redis.on('error', (error: Error) => (lastError = error));
  try {
    await redis.connect();
    return infoOf(await redis.info());
  } catch (error) {
    if (!lastError && (error as Error).name === 'ReplyError') throw error;
    throw new Error(connectReason(lastError, { url, wasCutOff: true, hasBeenReady: false }), { cause: error });
  } finally {
    redis.disconnect();
  }
}

/** Resolves once the log server serves. @throws the last error when it does not within `timeoutMs`, or `gone` says that it ended. */
export async function logServerServes(url: string, timeoutMs: number, gone: AbortSignal): Promise<LogServerInfo> {
  const deadlineAt = performance.now() + timeoutMs;
  for (;;) {
    const info = await probeLogServer(url).catch((error: Error) => error);
    if (!(info instanceof Error) && !info.loading) return info;
    gone.throwIfAborted();
    if (performance.now() >= deadlineAt) {
      throw info instanceof Error ? info : new Error(`The log server still reads its data after ${timeoutMs / 1000} s.`);
    }
    await delay(POLL_MS);
  }
}

function infoOf(text: string): LogServerInfo {
  const fields = new Map(text.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string]));
  const dragonfly = fields.get('dragonfly_version')?.replace(/^(?:df-)?v/, '');
  const valkey = fields.get('valkey_version');
  return {
    kind: dragonfly ? 'dragonfly' : valkey ? 'valkey' : 'redis',
    version: dragonfly ?? valkey ?? fields.get('redis_version') ?? 'unknown',
    loading: fields.get('loading') === '1' || fields.get('async_loading') === '1',
  };
}
