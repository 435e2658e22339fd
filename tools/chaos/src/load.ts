import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Operation } from './history';
import { PROJECT } from './world';

export interface LoadOptions {
  readonly url: () => string;
  readonly token: string;
  readonly clients: number;
  /** What is asked for by `Torch-Durability`. */
  readonly durability: 'memory' | 'archived';
  /** How long one request is tried again before the load counts as stuck. */
  readonly stuckMs: number;
}

const RETRY_MS = 20;
const REQUEST_MS = 8000;

/**
 * Clients that work at the same time, each one request after the other: a message, its acknowledgement, now and then a run.
 * A request is sent again under its idempotency key until it is acknowledged.
 */
export class Load {
  readonly operations: Operation[] = [];
  private stopping = false;
  private lastAckAtMs = 0;
  private readonly running: Promise<void>;

  constructor(private readonly options: LoadOptions) {
    this.running = Promise.all(Array.from({ length: options.clients }, (_, client) => this.work(client))).then(() => undefined);
    this.running.catch(() => undefined); // Thrown by `stop`.
  }

  /** Of the last acknowledgement, on the clock of `performance.now`. */
  get ackedAtMs(): number {
    return this.lastAckAtMs;
  }

  /** Lets every request come to its end. @throws Error when one does not. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** Throws when a client has given up. */
  async failed(): Promise<never> {
    await this.running;
    return new Promise(() => undefined);
  }

  private async work(client: number): Promise<void> {
    for (let turn = 0; !this.stopping; turn++) {
      const messageId = `m-${client}-${turn}-${randomUUID().slice(0, 8)}`;
      await this.until(client, `message.sent ${messageId}`, 'messages', { messageId, to: 'operator', text: `${client} ${turn}` });
      await this.until(client, `message.acked ${messageId}`, `inboxes/operator/${messageId}/ack`, {});
      if (turn % 5 === 0) {
        const plan = { name: `chaos-${client}-${turn}`, tasks: [{ key: 'waits', role: 'nobody', run: 'true' }] };
        await this.until(client, undefined, 'runs', plan);
      }
    }
  }

  /** Until it is acknowledged. Without an `effect`, it is the run that the answer names. */
  private async until(client: number, effect: string | undefined, path: string, body: object): Promise<void> {
    const key = randomUUID();
    const sentAtMs = performance.now();
    for (let attempts = 1; ; attempts++) {
      const answer = await this.send(path, body, key);
      if (answer) {
        this.lastAckAtMs = performance.now();
        const { position, runId } = answer;
        this.operations.push({
          client,
          effect: effect ?? `run.submitted ${runId}`,
          sentAtMs,
          ackedAtMs: this.lastAckAtMs,
          position,
          attempts,
        });
        return;
      }
      if (performance.now() - sentAtMs > this.options.stuckMs)
        throw new Error(`${path} was not acknowledged in ${this.options.stuckMs} ms.`);
      await pause(RETRY_MS);
    }
  }

  /** Undefined when it is to be sent again. @throws Error for an answer that no fault explains. */
  private async send(path: string, body: object, key: string): Promise<{ position: string; runId?: string } | undefined> {
    const { url, token, durability } = this.options;
    let response: Response;
    try {
      response = await fetch(`${url()}/v1/projects/${PROJECT}/${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
          'torch-durability': durability,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
    } catch {
      return undefined;
    }
    const text = await response.text().catch(() => '');
    if (response.status === 503 || response.status === 429 || text === '') return undefined;
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text}`);
    if (response.headers.get('torch-durability') !== durability)
      throw new Error(`${path} was acknowledged as ${response.headers.get('torch-durability')}.`);
    return JSON.parse(text) as { position: string; runId?: string };
  }
}
