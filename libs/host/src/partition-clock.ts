import { type LogServer, LogUnavailable } from '@torch/log';
import type { HostClock } from './host.clock';
import type { HostLogger } from './host.ports';

/** How often the log server's clock is looked at. */
const LOOK_EVERY_MS = 10_000;
/** By which part of the time that has passed an owner's time is brought nearer to the log server's, at most. */
const SLEW_MAX = 0.05;
/** A difference between the two clocks that is worth a line in the log, ms. */
const WORTH_SAYING_MS = 1000;

/**
 * The time by which an owner decides. It is the log server's, so that all owners of a log go by one clock, and it goes on with the
 * machine's monotonic clock: a wall clock that is wrong, or jumps, is of no account. It is never before the last time that the log has
 * recorded. A log server's clock that jumps is followed slowly; only a new owner takes it as it is.
 */
export class PartitionClock {
  /** What makes the monotonic clock the time. */
  private offsetMs: number;
  private lookedAtMs: number;
  private looking = false;

  constructor(
    private readonly server: Pick<LogServer, 'timeMs'>,
    private readonly clock: HostClock,
    private readonly log: HostLogger,
  ) {
    this.lookedAtMs = clock.monotonicMs();
    this.offsetMs = clock.nowMs() - this.lookedAtMs;
  }

  nowMs(): number {
    return Math.floor(this.offsetMs + this.clock.monotonicMs());
  }

  /** To be called with every time that the log has recorded. */
  notBefore(recordedAtMs: number): void {
    const behindMs = recordedAtMs - this.nowMs();
    if (behindMs > 0) this.offsetMs += behindMs;
  }

  /**
   * Takes the log server's time as it is, but never one before `recordedAtMs`. Where the log server does not tell its time, the machine's
   * clock has to do.
   *
   * @throws LogUnavailable.
   */
  async set(recordedAtMs: number): Promise<void> {
    try {
      this.offsetMs += await this.errorMs();
    } catch (error) {
      if (error instanceof LogUnavailable) throw error;
      this.log.warn(`The log server does not tell its time (${String(error)}); this machine's clock is used.`);
      this.offsetMs = this.clock.nowMs() - this.clock.monotonicMs();
    }
    this.notBefore(recordedAtMs);
    const wrongMs = this.clock.nowMs() - this.nowMs();
    if (Math.abs(wrongMs) >= WORTH_SAYING_MS)
      this.log.warn(`This machine's clock differs from the log server's by ${wrongMs} ms; the log server's is used.`, { wrongMs });
  }

  /** Comes nearer to the log server's time, once in a while. A look that fails is made again later. */
  follow(): void {
    const sinceMs = this.clock.monotonicMs() - this.lookedAtMs;
    if (this.looking || sinceMs < LOOK_EVERY_MS) return;
    this.looking = true;
    const most = sinceMs * SLEW_MAX;
    this.errorMs()
      .then((errorMs) => {
        this.offsetMs += Math.max(-most, Math.min(most, errorMs));
      })
      .catch(() => undefined)
      .finally(() => (this.looking = false));
  }

  /** How far the log server's clock was ahead when it answered; however long the answer took, the owner is never ahead by it. */
  private async errorMs(): Promise<number> {
    const timeMs = await this.server.timeMs();
    this.lookedAtMs = this.clock.monotonicMs();
    return timeMs - (this.offsetMs + this.lookedAtMs);
  }
}
