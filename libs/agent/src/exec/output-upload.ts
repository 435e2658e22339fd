import { pauseMs, waitMs } from '../http/backoff';
import type { OutputAppended } from '../http/gateway.answers';
import { GatewayProblem, GatewayUnreachable, isPassing } from '../http/gateway.errors';
import { type AgentLog, messageOf } from '../session/agent.log';

export interface OutputConfig {
  /** Bytes kept of one attempt; a note says when there was more. */
  readonly keptBytesMax: number;
  /** Bytes that wait to be sent before the writer is made to wait. */
  readonly bufferedBytesMax: number;
  /** A batch goes out when it is this large, or this old. */
  readonly batchBytes: number;
  readonly batchMs: number;
  /** How long one batch is tried again while the gateway is away. */
  readonly retryMs: number;
  /** For what is left once the command is over, and once it was told to end. */
  readonly flushMs: number;
  readonly hurryMs: number;
}

export const OUTPUT_DEFAULTS: OutputConfig = {
  keptBytesMax: 10 * 1024 * 1024,
  bufferedBytesMax: 1024 * 1024,
  batchBytes: 64 * 1024,
  batchMs: 200,
  retryMs: 10 * 60_000,
  flushMs: 60_000,
  hurryMs: 1000,
};

/** Room for the closing note within the cap. */
const NOTE_BYTES = 160;

export interface OutputTarget {
  send(offset: number, chunk: Buffer, signal: AbortSignal): Promise<OutputAppended>;
  readonly log: AgentLog;
  readonly config?: Partial<OutputConfig>;
}

/**
 * Sends an attempt's output in order and by offset, in batches, with no more than `bufferedBytesMax` waiting: `write`
 * answers only once there is room. What cannot be kept is counted, and a note in the output says so.
 */
export class OutputUpload {
  private readonly config: OutputConfig;
  private readonly stop = new AbortController();
  private readonly waiting: Buffer[] = [];
  private waitingBytes = 0;
  private acceptedBytes = 0;
  private droppedBytes = 0;
  /** Where the next byte goes, as the gateway counts. */
  private offset = 0;
  private sending?: Promise<void>;
  private timer?: NodeJS.Timeout;
  private wakeWriters: (() => void)[] = [];

  constructor(private readonly target: OutputTarget) {
    this.config = { ...OUTPUT_DEFAULTS, ...target.config };
  }

  /** Takes the bytes over as soon as there is room for them. One write at a time. */
  async write(chunk: Buffer): Promise<void> {
    const room = Math.max(0, this.config.keptBytesMax - NOTE_BYTES - this.acceptedBytes);
    const kept = this.stop.signal.aborted ? chunk.subarray(0, 0) : chunk.subarray(0, room);
    this.droppedBytes += chunk.length - kept.length;
    this.acceptedBytes += kept.length;
    while (this.waitingBytes > 0 && this.waitingBytes + kept.length > this.config.bufferedBytesMax) {
      await new Promise<void>((wake) => this.wakeWriters.push(wake));
    }
    if (this.stop.signal.aborted) this.droppedBytes += kept.length;
    else this.enqueue(kept);
  }

  /**
   * Sends the rest, with a note when something was not kept.
   *
   * @returns bytes that the gateway does not have.
   */
  async close(): Promise<number> {
    if (this.droppedBytes > 0 && !this.stop.signal.aborted) this.enqueue(Buffer.from(noteOf(this.droppedBytes, this.config.keptBytesMax)));
    const giveUp = setTimeout(() => this.abandon(`it was not sent within ${this.config.flushMs} ms`), this.config.flushMs);
    while (this.waitingBytes > 0 && !this.stop.signal.aborted) await this.send();
    await this.sending;
    clearTimeout(giveUp);
    this.abandon();
    return this.droppedBytes;
  }

  /** The attempt was told to end: what cannot be sent within `hurryMs` is not sent. */
  hurry(): void {
    setTimeout(
      () => this.abandon(`the attempt was ended, and it was not sent within ${this.config.hurryMs} ms`),
      this.config.hurryMs,
    ).unref();
  }

  private enqueue(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes >= this.config.batchBytes) void this.send();
    else this.timer ??= setTimeout(() => void this.send(), this.config.batchMs);
  }

  /** One sender at a time keeps the order; it goes on while there is a full batch. */
  private send(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sending ??= this.sendBatches().finally(() => {
      this.sending = undefined;
      if (this.waitingBytes > 0 && !this.stop.signal.aborted) this.timer ??= setTimeout(() => void this.send(), this.config.batchMs);
    });
    return this.sending;
  }

  private async sendBatches(): Promise<void> {
    do {
      const batch = this.nextBatch();
      if (batch.length > 0) await this.sendBatch(batch);
      this.waitingBytes -= batch.length;
      for (const wake of this.wakeWriters.splice(0)) wake();
    } while (this.waitingBytes >= this.config.batchBytes && !this.stop.signal.aborted);
  }

  private nextBatch(): Buffer {
    const taken: Buffer[] = [];
    let bytes = 0;
    while (bytes < this.config.batchBytes && this.waiting.length > 0) {
      const first = this.waiting.shift() as Buffer;
      const fits = first.subarray(0, this.config.batchBytes - bytes);
      if (fits.length < first.length) this.waiting.unshift(first.subarray(fits.length));
      taken.push(fits);
      bytes += fits.length;
    }
    return Buffer.concat(taken);
  }

  private async sendBatch(batch: Buffer): Promise<void> {
    const start = this.offset;
    const endAtMs = Date.now() + this.config.retryMs;
    let rest = batch;
    for (let attempt = 1; ; attempt++) {
      try {
        const { truncated } = await this.target.send(this.offset, rest, this.stop.signal);
        this.offset += rest.length;
        if (truncated) this.abandon('the gateway keeps no more of it');
        return;
      } catch (error) {
        if (this.stop.signal.aborted) break;
        const expected = error instanceof GatewayProblem && error.status === 409 ? Number(error.document.expectedOffset) : Number.NaN;
        if (expected > this.offset && expected <= start + batch.length) {
          // An earlier attempt got further than its answer did.
          rest = batch.subarray(expected - start);
          this.offset = expected;
          if (rest.length === 0) return;
        } else if (!isPassing(error) || Date.now() > endAtMs) {
          this.abandon(messageOf(error));
          break;
        } else {
          const asked = error instanceof GatewayUnreachable ? 0 : ((error as GatewayProblem).retryAfterMs ?? 0);
          await waitMs(Math.max(asked, pauseMs({ attempt, pauseMs: 100, pauseMsMax: 5000 })), this.stop.signal);
        }
      }
    }
    this.droppedBytes += rest.length;
  }

  /** Nothing is sent any more; whoever writes is no longer made to wait. */
  private abandon(reason?: string): void {
    if (this.stop.signal.aborted) return;
    this.stop.abort();
    clearTimeout(this.timer);
    this.timer = undefined;
    const lost = this.waiting.splice(0).reduce((sum, { length }) => sum + length, 0);
    this.waitingBytes -= lost;
    this.droppedBytes += lost;
    for (const wake of this.wakeWriters.splice(0)) wake();
    if (reason !== undefined) this.target.log('warn', `Output is not kept any more: ${reason}`);
  }
}

const noteOf = (droppedBytes: number, keptBytesMax: number): string =>
  `\n[torch] ${droppedBytes} more bytes of output were not kept: an attempt keeps ${keptBytesMax}.\n`;
