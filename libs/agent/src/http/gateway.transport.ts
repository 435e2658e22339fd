import { randomUUID } from 'node:crypto';
import type { Durability } from '@torch/contracts';
import { pauseMs, RETRY_DEFAULTS, type RetryConfig, waitMs } from './backoff';
import { GatewayProblem, GatewayUnreachable, isPassing, problemOf } from './gateway.errors';

export const REQUEST_TIMEOUT_MS_DEFAULT = 10_000;

export interface GatewayOptions {
  /** The gateway's base URL: `http://127.0.0.1:7420`. */
  readonly url: string;
  /** Bearer token; without one only the open routes answer. */
  readonly token?: string;
  readonly retry?: Partial<RetryConfig>;
  /** What acknowledgements are to promise; default: what the project says. */
  readonly durability?: Durability;
  /** For one attempt, up to the end of its answer. Streams have only their own silence limit. */
  readonly requestTimeoutMs?: number;
}

/** What goes with one request beside its path. */
export interface RequestOptions {
  readonly idempotencyKey?: string;
  readonly correlationId?: string;
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
  /** Replaces the client's own retry settings, field by field. */
  readonly retry?: Partial<RetryConfig>;
}

/** A list is parted by commas; a map is one parameter `name[key]` for each entry. */
export type QueryValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>> | undefined;

interface GatewayRequest extends RequestOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON; bytes are sent as they are. */
  readonly body?: unknown;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Requests over fetch, whose connections are kept alive.
 *
 * A refused connection, a missing answer, 503 and 429 are tried again within bounds, with jitter, and not before
 * `Retry-After`. A write carries one idempotency key through all its attempts, so that it has one effect.
 */
export class GatewayTransport {
  readonly url: string;
  private readonly retry: RetryConfig;

  constructor(private readonly options: GatewayOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.retry = { ...RETRY_DEFAULTS, ...options.retry };
  }

  /** The answer's JSON; `undefined` for an empty answer. */
  async json<T>(request: GatewayRequest): Promise<T> {
    const keyed = request.method === 'GET' ? request : { ...request, idempotencyKey: request.idempotencyKey ?? randomUUID() };
    return this.retried(request, async () => {
      const response = await this.send(keyed, this.deadline(request.signal));
      const text = await response.text().catch((cause: unknown) => {
        throw this.unreachable(cause, request.signal);
      });
      return (text === '' ? undefined : JSON.parse(text)) as T;
    });
  }

  /** The answer while it still comes in. Only its beginning is tried again. */
  async stream(request: GatewayRequest): Promise<Response> {
    return this.retried(request, () => this.send(request, request.signal));
  }

  private async send({ method, path, query, body, accept, ...rest }: GatewayRequest, signal?: AbortSignal): Promise<Response> {
    const bytes = body instanceof Uint8Array;
    const headers: Record<string, string> = { accept: accept ?? 'application/json', ...rest.headers };
    if (this.options.token) headers.authorization = `Bearer ${this.options.token}`;
    if (body !== undefined) headers['content-type'] = bytes ? 'application/octet-stream' : 'application/json';
    if (this.options.durability && method !== 'GET') headers['torch-durability'] = this.options.durability;
    if (rest.idempotencyKey) headers['idempotency-key'] = rest.idempotencyKey;
    if (rest.correlationId) headers['torch-correlation-id'] = rest.correlationId;
    if (rest.traceparent) headers.traceparent = rest.traceparent;
    let response: Response;
    try {
      response = await fetch(this.url + path + queryText(query), {
        method,
        headers,
        signal,
        body: body === undefined ? undefined : bytes ? (body as RequestInit['body']) : JSON.stringify(body),
      });
    } catch (cause) {
      throw this.unreachable(cause, rest.signal);
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  private async retried<T>(request: RequestOptions, attemptOnce: () => Promise<T>): Promise<T> {
    const { signal } = request;
    const retry = { ...this.retry, ...request.retry };
    const lastAtMs = Date.now() + retry.budgetMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await attemptOnce();
      } catch (error) {
        if (!isPassing(error) || attempt >= retry.attemptsMax || signal?.aborted) throw error;
        const asked = error instanceof GatewayProblem ? (error.retryAfterMs ?? 0) : 0;
        const pause = Math.max(asked, pauseMs({ attempt, ...retry }));
        if (Date.now() + pause > lastAtMs) throw error;
        await waitMs(pause, signal);
        signal?.throwIfAborted();
      }
    }
  }

  private deadline(signal?: AbortSignal): AbortSignal {
    const timeout = AbortSignal.timeout(this.options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS_DEFAULT);
    return signal ? AbortSignal.any([signal, timeout]) : timeout;
  }

  /** A caller's own abort stays what it is. */
  private unreachable(cause: unknown, signal?: AbortSignal): unknown {
    return signal?.aborted ? signal.reason : new GatewayUnreachable(this.url, { cause });
  }
}

function queryText(query: Readonly<Record<string, QueryValue>> = {}): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return [[name, value.join(',')]];
    if (typeof value === 'object') return Object.entries(value).map(([key, text]) => [`${name}[${key}]`, text]);
    return [[name, String(value)]];
  });
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
