import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { refusal } from '../api/refusal';

/** One server-sent event as the wire has it; made once, sent to many. */
export function sseFrame({ event, data, id }: { event: string; data: unknown; id?: string }): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A response that stays open and tells its client what happens (server-sent events). */
export class SseConnection {
  private readonly response: ServerResponse;
  private readonly closeListeners: ((reason: string) => void)[] = [];
  private opened = false;
  private endReason: string | undefined;

  constructor(
    private readonly reply: FastifyReply,
    private readonly bufferBytesMax: number,
  ) {
    this.response = reply.raw;
    this.response.once('close', () => this.end('the client went away'));
  }

  /**
   * Sends the head of the answer: from here on nothing but events can be sent.
   *
   * @throws Refusal 503 when the connection has come to its end while it was being prepared.
   */
  open(): void {
    if (this.endReason !== undefined) throw refusal(503, 'stream-ended', `The stream ended before it began: ${this.endReason}.`);
    this.opened = true;
    this.reply.hijack();
    this.response.writeHead(200, {
      ...(this.reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    this.response.write(': torch\n\n');
  }

  /** False when the connection is over, or not open yet. Cuts off a client that is too far behind: it reconnects and gets everything open again. */
  send(frame: string): boolean {
    if (!this.opened || this.closed) return false;
    this.response.write(frame);
    if (this.response.writableLength <= this.bufferBytesMax) return true;
    this.end(`the client is ${this.response.writableLength} bytes behind, and ${this.bufferBytesMax} are allowed`);
    return false;
  }

  ping(): void {
    this.send(': ping\n\n');
  }

  /** Bytes that the client has yet to take. */
  get behindBytes(): number {
    return this.response.writableLength;
  }

  /** Resolves once the client has taken everything, or is gone. */
  async drained(): Promise<void> {
    if (this.closed || !this.response.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.response.off('drain', done).off('close', done);
        resolve();
      };
      this.response.once('drain', done).once('close', done);
    });
  }

  get closed(): boolean {
    return this.endReason !== undefined;
  }

  onClose(listener: (reason: string) => void): void {
    this.closeListeners.push(listener);
  }

  end(reason: string): void {
    if (this.closed) return;
    this.endReason = reason;
    // A client that is behind would not take the end either.
    if (this.response.writableLength > this.bufferBytesMax) this.response.destroy();
    else if (this.opened) this.response.end();
    for (const listener of this.closeListeners) listener(reason);
  }
}
