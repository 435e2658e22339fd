import { LogUnavailable } from '@torch/log';
import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { connectionOptions } from './connection-options';
import type { Settings } from './log-server-options';
import { type Request, typedError } from './reply-errors';
import type { ScriptedRedis } from './scripts';
import { type ConnectAttempt, connectReason } from './tls/connect-reason';

/** How long a close waits for answers that are still due. */
const CLOSE_MS_MAX = 500;

/**
 * One connection to the log server. It comes back by itself; what is asked meanwhile fails at once, and what was
 * under way when it was lost fails as unknown. Nothing is sent twice.
 */
export class Connection {
  private readonly redis: ScriptedRedis;
  private state: 'connecting' | 'ready' | 'closed' = 'connecting';
  private hasBeenReady = false;
  private lastError: Error | undefined;
  private wasCutOff = false;
  private connects = 0;
  private readonly returnListeners: (() => void)[] = [];
  private readonly readyListeners = new Set<() => void>();

  /** @param requestMs a request without an answer by then fails. */
  constructor(
    private readonly settings: Settings,
    requestMs: number,
  ) {
    this.redis = new Redis(settings.url, connectionOptions(settings, requestMs, CLOSE_MS_MAX)) as ScriptedRedis;
    this.redis.on('error', (error: Error) => (this.lastError = error));
    this.redis.on('close', () => this.lost());
    this.redis.on('ready', () => this.becameReady());
  }

  /** Begins to connect, and goes on until there is a connection. */
  start(): this {
    this.redis.connect().catch(() => undefined); // The `error` event has it.
    return this;
  }

  /** @throws LogUnavailable when the server does not answer in time. The connection is closed then. */
  async open(connectMs: number): Promise<this> {
    if (await this.start().untilReady(connectMs)) return this;
    const unavailable = this.unavailable('connecting');
    this.drop();
    throw unavailable;
  }

  /** @throws the typed error for what the server answers, or LogUnavailable; see `typedError`. */
  async ask<T>(request: Request, send: (redis: ScriptedRedis) => Promise<T>): Promise<T> {
    if (!this.isReady) throw this.unavailable(request.what);
    try {
      return await send(this.redis);
    } catch (error) {
      throw typedError(error, request);
    }
  }

  get isReady(): boolean {
    return this.state === 'ready' && this.redis.status === 'ready';
  }

  /** Grows with every connection: what was learned over an older one may be true no more. */
  get connection(): number {
    return this.connects;
  }

  /** Called when a lost connection is there again, before anything is sent over it. */
  onReturn(listener: () => void): void {
    this.returnListeners.push(listener);
  }

  /** Called every time that there is a connection to send over. @returns how to stop. */
  onReady(listener: () => void): () => void {
    this.readyListeners.add(listener);
    return () => this.readyListeners.delete(listener);
  }

  /** For what comes in on the channels that this connection has subscribed to. */
  onMessage(receive: (channel: string, body: string) => void): void {
    this.redis.on('message', receive);
  }

  /** True once there is a connection; false when there is none after `ms`, or waiting for it was called off. */
  async untilReady(ms: number, calledOff?: AbortSignal): Promise<boolean> {
    if (this.isReady || this.state === 'closed' || calledOff?.aborted) return this.isReady;
    const enough = new AbortController();
    const stop = this.onReady(() => enough.abort());
    const callOff = (): void => enough.abort();
    calledOff?.addEventListener('abort', callOff);
    await pause(ms, undefined, { signal: enough.signal }).catch(() => undefined); // Aborted: ready, or called off.
    calledOff?.removeEventListener('abort', callOff);
    stop();
    return this.isReady;
  }

  /** Gives this connection up for a new one. */
  renew(): void {
    if (this.state !== 'closed') this.redis.disconnect(true);
  }

  /** Waits shortly for the answers that are due, then ends. */
  async close(): Promise<void> {
    const due = this.isReady ? this.redis.quit().catch(() => undefined) : Promise.resolve();
    this.state = 'closed';
    const enough = new AbortController();
    await Promise.race([due, pause(CLOSE_MS_MAX, undefined, { signal: enough.signal }).catch(() => undefined)]);
    enough.abort();
    this.redis.disconnect();
  }

  /** Ends at once: what is under way fails. */
  drop(): void {
    this.state = 'closed';
    this.redis.disconnect();
  }

  private lost(): void {
    this.wasCutOff = true;
    if (this.state === 'ready') this.state = 'connecting';
  }

  private becameReady(): void {
    if (this.state === 'closed') return;
    this.lastError = undefined;
    this.connects++;
    if (this.hasBeenReady) for (const listener of this.returnListeners) listener();
    this.hasBeenReady = true;
    this.state = 'ready';
    for (const listener of [...this.readyListeners]) listener();
  }

  private get attempt(): ConnectAttempt {
    const { wasCutOff, hasBeenReady } = this;
    return { url: this.settings.url, wasCutOff, hasBeenReady };
  }

  private unavailable(what: string): LogUnavailable {
    const reason = this.state === 'closed' ? 'the connection is closed' : connectReason(this.lastError, this.attempt);
    return new LogUnavailable(`The log server is not there (${what}): ${reason}.`, false, { cause: this.lastError });
  }
}
