import { setTimeout as delay } from 'node:timers/promises';

/** The longest that a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The time that a replay has come to. */
export class ReplayClock {
  private readonly startedAt = performance.now();
  private reachedMs: number;

  /**
   * @param startMs epoch ms at which the replay begins.
   * @param speed how many times as fast as it was; `Infinity` never waits.
   */
  constructor(
    private readonly startMs: number,
    private readonly speed: number,
  ) {
    this.reachedMs = startMs;
  }

  /** Epoch ms. */
  readonly nowMs = (): number =>
    this.speed === Infinity ? this.reachedMs : this.startMs + (performance.now() - this.startedAt) * this.speed;

  /** Waits until the replay has come to `atMs`, or `signal` ends it. */
  async until(atMs: number, signal: AbortSignal): Promise<void> {
    this.reachedMs = Math.max(this.reachedMs, atMs);
    while (this.nowMs() < atMs && !signal.aborted) {
      const waitMs = Math.min(TIMER_MS_MAX, (atMs - this.nowMs()) / this.speed);
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
