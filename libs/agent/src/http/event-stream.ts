import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { pauseMs, waitMs } from './backoff';
import { GatewayProblem, GatewayUnreachable, isPassing } from './gateway.errors';

export interface EventStreamConfig {
  /** No byte for this long, pings included: the connection is taken for dead and opened anew. */
  readonly silenceMs: number;
  readonly reconnectMs: number;
  readonly reconnectMsMax: number;
  /** Characters of one event; a longer one ends the connection. */
  readonly eventCharsMax: number;
  /** Give up when no connection came about for this long; `Infinity` goes on for ever. */
  readonly giveUpMs: number;
}

export const EVENT_STREAM_DEFAULTS: EventStreamConfig = {
  silenceMs: 30_000,
  reconnectMs: 100,
  reconnectMsMax: 5000,
  eventCharsMax: 2 * 1024 * 1024,
  giveUpMs: Number.POSITIVE_INFINITY,
};

export interface StreamEvent {
  readonly type: string;
  readonly id?: string;
  readonly data: string;
}

export interface EventStreamOptions extends Partial<EventStreamConfig> {
  /** Opens one connection, without retries of its own. */
  open(request: { lastEventId?: string; signal: AbortSignal }): Promise<Response>;
  readonly signal?: AbortSignal;
  readonly lastEventId?: string;
  onConnected?(): void;
  /** Told why; the next attempt follows by itself. */
  onDisconnected?(error: unknown): void;
}

/**
 * Server-sent events over as many connections as it takes: each resumes with `Last-Event-ID`. What comes twice is for
 * the caller to drop. Ends when `signal` aborts.
 *
 * @throws GatewayProblem when the gateway refuses for good; GatewayUnreachable after `giveUpMs`.
 */
export async function* eventStream(options: EventStreamOptions): AsyncGenerator<StreamEvent, void, void> {
  const config = { ...EVENT_STREAM_DEFAULTS, ...options };
  let lastEventId = options.lastEventId;
  let failures = 0;
  let lastConnectedAtMs = Date.now();
  while (!options.signal?.aborted) {
    const connection = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, connection.signal]) : connection.signal;
    try {
      const silence = new SilenceWatch(config.silenceMs, connection);
      try {
        const response = await config.open({ lastEventId, signal });
        silence.heard();
        options.onConnected?.();
        lastConnectedAtMs = Date.now();
        for await (const event of eventsOf(response, config.eventCharsMax, silence)) {
          failures = 0;
          if (event.id !== undefined) lastEventId = event.id;
          yield { type: event.event ?? 'message', id: event.id, data: event.data };
        }
      } finally {
        silence.end();
        connection.abort();
      }
      options.onDisconnected?.(new Error('The gateway ended the stream.'));
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof GatewayProblem && !isPassing(error)) throw error;
      if (Date.now() - lastConnectedAtMs > config.giveUpMs)
        throw error instanceof GatewayUnreachable ? error : new GatewayUnreachable('events', { cause: error });
      options.onDisconnected?.(error);
    }
    failures += 1;
    await waitMs(pauseMs({ attempt: failures, pauseMs: config.reconnectMs, pauseMsMax: config.reconnectMsMax }), options.signal);
  }
}

async function* eventsOf(response: Response, eventCharsMax: number, silence: SilenceWatch): AsyncGenerator<EventSourceMessage, void, void> {
  if (!response.body) return;
  const ready: EventSourceMessage[] = [];
  let failed: Error | undefined;
  const parser = createParser({
    maxBufferSize: eventCharsMax,
    onEvent: (event) => ready.push(event),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') failed = error;
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    silence.pause();
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (failed) throw failed;
    yield* ready.splice(0);
    silence.heard();
  }
}

/** Ends a connection on which nothing was heard for too long. Time that the reader takes itself does not count. */
class SilenceWatch {
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly silenceMs: number,
    private readonly connection: AbortController,
  ) {
    this.heard();
  }

  heard(): void {
    this.end();
    this.timer = setTimeout(() => this.connection.abort(new Error(`Nothing was heard for ${this.silenceMs} ms.`)), this.silenceMs);
  }

  pause(): void {
    this.end();
  }

  end(): void {
    clearTimeout(this.timer);
  }
}
