import type { RedisOptions } from 'ioredis';
import type { Settings } from './log-server-options';
import { scriptDefinitions } from './scripts';
import { tlsOption } from './tls/tls-option';

/** First pause before connecting again; doubles up to the longest. */
const RECONNECT_MS = 20;
/** A server that still reads its data is asked again after this. */
const LOADING_POLL_MS = 100;

/** @param requestMs a request without an answer by then fails. */
export function connectionOptions(settings: Settings, requestMs: number, closeMs: number): RedisOptions {
  return {
    lazyConnect: true,
    connectionName: 'torch',
    disableClientInfo: true,
    // With RESP3 a woken `XREAD BLOCK` has another shape on Dragonfly up to 1.40.1.
    protocol: 2,
    // Who asked decides what to do about a lost request: an append that is sent twice could be appended twice.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // A subscription of ioredis's own that fails is an unhandled rejection. `SignalsAdapter` subscribes again.
    autoResubscribe: false,
    commandTimeout: requestMs,
    // A peer that is gone without a word: something was asked, and nothing comes any more.
    socketTimeout: 2 * requestMs,
    connectTimeout: settings.connectMs,
    disconnectTimeout: closeMs,
    maxLoadingRetryTime: LOADING_POLL_MS,
    retryStrategy: (attempt) => withJitter(Math.min(RECONNECT_MS * 2 ** Math.min(attempt - 1, 16), settings.reconnectMsMax)),
    // After a failover the address may lead to the new master.
    reconnectOnError: (error) => error.message.includes('READONLY'),
    scripts: scriptDefinitions(settings.scripts),
    ...tlsOption(settings),
  };
}

const withJitter = (ms: number): number => ms * (0.75 + Math.random() / 4);
