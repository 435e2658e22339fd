import { LogUnavailable } from '@torch/log';
import type { SeededRandom } from '@torch/testing';
import type { SimulatedProcess } from './simulated-process';
import type { VirtualTime } from './virtual-time';

/** What becomes of one request. Delays in ms; a way that is lost leads nowhere. */
export interface Passage {
  readonly requestMs: number;
  readonly replyMs: number;
  readonly isRequestLost: boolean;
  readonly isReplyLost: boolean;
}

/** Decided for each request on its own, from the seed. */
export type Weather = (operation: string, process: SimulatedProcess) => Partial<Passage> | undefined;

/** How long a process waits for an answer of the log server. */
const ANSWER_MS_MAX = 2000;
const CALM_MS_MAX = 10;

/**
 * The connection between a process and the log server. As on a real one, requests arrive in the order in which they were sent,
 * and answers in the order in which they were given, until the connection is made anew.
 */
export class Link {
  private isCut = false;
  /** Connections that were made, and the last that the process knows of. */
  private made = 0;
  private heardOf = 0;
  /** Starts of the log server, as far as this connection was there for them. */
  private serverLife = 0;
  private requestsUntilMs = 0;
  private repliesUntilMs = 0;
  private readonly onReconnected: (() => void)[] = [];

  constructor(
    readonly process: SimulatedProcess,
    private readonly time: VirtualTime,
    private readonly chance: SeededRandom,
    private readonly weather: Weather,
  ) {}

  onReconnect(listener: () => void): void {
    this.onReconnected.push(listener);
  }

  /** Nothing gets through in either direction, until `reconnect`. */
  cut(): void {
    this.isCut = true;
  }

  /** The log server was started anew: what was on its way to or from the one before is gone, and so is the connection. */
  serverReturned(): void {
    this.serverLife++;
    if (!this.isCut) this.reconnect();
  }

  /**
   * The connection is made anew: what is still on the way of the old one is passed by what comes now. Whoever listens hears of it
   * before anything is sent.
   */
  reconnect(): void {
    this.isCut = false;
    this.requestsUntilMs = 0;
    this.repliesUntilMs = 0;
    const made = ++this.made;
    this.time.after(this.calm(), () =>
      this.process.happen(() => {
        if (made !== this.made) return;
        this.heardOf = made;
        this.onReconnected.forEach((listener) => listener());
      }),
    );
  }

  /** @throws LogUnavailable with an unknown outcome when no answer comes in time. */
  call<T>(operation: string, act: () => Promise<T>): Promise<T> {
    const passage = this.passage(operation);
    const { serverLife } = this;
    return new Promise((resolve, reject) => {
      if (this.heardOf !== this.made) {
        this.process.after(this.calm(), () => reject(new LogUnavailable(`The connection was lost: ${operation} was not sent.`, false)));
        return;
      }
      const cancel = this.process.after(ANSWER_MS_MAX, () => {
        this.requestsUntilMs = 0;
        this.repliesUntilMs = 0;
        reject(new LogUnavailable(`No answer to ${operation} came within ${ANSWER_MS_MAX} ms.`, true));
      });
      const answer = (settle: () => void): void => {
        if (passage.isReplyLost || this.isCut || serverLife !== this.serverLife || !this.process.isAlive) return;
        this.repliesUntilMs = Math.max(this.repliesUntilMs, this.time.nowMs + passage.replyMs);
        this.time.after(this.repliesUntilMs - this.time.nowMs, () =>
          this.process.happen(() => {
            cancel();
            settle();
          }),
        );
      };
      if (passage.isRequestLost || this.isCut) return;
      this.requestsUntilMs = Math.max(this.requestsUntilMs, this.time.nowMs + passage.requestMs);
      this.time.after(this.requestsUntilMs - this.time.nowMs, () => {
        if (serverLife !== this.serverLife) return;
        act().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error as Error)),
        );
      });
    });
  }

  /** What the log server sends without being asked. */
  deliver(what: string, receive: () => void): void {
    const { replyMs, isReplyLost } = this.passage(what);
    if (isReplyLost || this.isCut) return;
    this.time.after(replyMs, () => this.process.happen(receive));
  }

  private passage(operation: string): Passage {
    const calm = { requestMs: this.calm(), replyMs: this.calm(), isRequestLost: false, isReplyLost: false };
    return { ...calm, ...this.weather(operation, this.process) };
  }

  private calm(): number {
    return this.chance.int(0, CALM_MS_MAX);
  }
}
