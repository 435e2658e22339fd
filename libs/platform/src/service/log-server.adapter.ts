import { setTimeout as wait } from 'node:timers/promises';
import type { HostLogger } from '@torch/host';
import { type GateRole, type LogServer, LogUnavailable } from '@torch/log';
import { connectLogServer, type LogTls } from '@torch/log-dragonfly';
import type { TorchEnv } from '../torch.config';

/** First and longest pause between two attempts to reach the log server at start. */
export const CONNECT_RETRY_MS = 200;
export const CONNECT_RETRY_MS_MAX = 1000;

export interface ConnectOptions {
  /** Ends the waiting: the process is to stop. */
  readonly signal?: AbortSignal;
  /** How the process takes part in the gate; default `none`. */
  readonly gate?: GateRole;
  /** What the log is created as where there is none; default: a new log. */
  readonly created?: { readonly logId: string; readonly partitions: number };
  /** For tests; default `connectLogServer`. */
  readonly connect?: (options: { url: string; tls?: LogTls; gate?: GateRole }) => Promise<LogServer>;
  readonly retryMs?: number;
  readonly retryMsMax?: number;
}

/**
 * Waits until the log server is there, however long that takes: a service that starts first is no failure.
 *
 * @throws what `signal` was aborted with; everything else but an unreachable server is thrown at once.
 */
export async function reachLogServer(
  env: Pick<TorchEnv, 'logUrl' | 'logTls' | 'partitions'>,
  log: HostLogger,
  options: ConnectOptions = {},
): Promise<LogServer> {
  const { signal, gate, created, connect = connectLogServer, retryMs = CONNECT_RETRY_MS, retryMsMax = CONNECT_RETRY_MS_MAX } = options;
  const address = withoutPassword(env.logUrl);
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      const server = await unlessAborted(connect({ url: env.logUrl, tls: env.logTls, gate }), signal);
      const { partitions } = await server.identity(created ?? { partitions: env.partitions }).catch(async (error: unknown) => {
        await server.close();
        throw error;
      });
      log.info(`Connected to the log server at ${address}.`, { attempt, partitions });
      return server;
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      const waitMs = Math.min(retryMs * 2 ** Math.min(attempt - 1, 16), retryMsMax);
      log.warn(`The log server at ${address} cannot be worked with yet; trying again in ${waitMs} ms.`, { attempt, reason: error.message });
      await pause(waitMs, signal);
    }
  }
}

export function withoutPassword(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = '***';
  return url.href;
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  wait(ms, undefined, { signal }).catch(() => signal?.throwIfAborted());

/** Leaves an attempt to itself that is under way when the process is to end. */
function unlessAborted<T>(attempt: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', stop, { once: true });
    attempt.then(resolve, reject).finally(() => signal?.removeEventListener('abort', stop));
  });
}
