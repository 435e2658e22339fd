/** How long an attempt has waited for people's answers. */
export interface Waited {
  /** Of questions that are answered, ms. */
  readonly waitedMs: number;
  /** At least one is open. */
  readonly waiting: boolean;
}

const LOOK_MS = 1000;
const LOOK_MS_MAX = 5000;

export interface TimeLimitOptions {
  readonly limitMs: number;
  readonly startedAtMs: number;
  /** Asked only when the limit is reached. */
  waited(): Promise<Waited>;
  onOver(): void;
}

/** Ends an attempt at its limit. Time in which it waits for an answer does not count. */
export class TimeLimit {
  private timer?: NodeJS.Timeout;
  private ended = false;
  private lookMs = LOOK_MS;

  constructor(private readonly options: TimeLimitOptions) {
    this.look(options.startedAtMs + options.limitMs - Date.now());
  }

  /** The attempt is over. */
  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  private look(inMs: number): void {
    // A longer time than a timer can take is looked at in between.
    this.timer = setTimeout(() => void this.reached(), Math.min(Math.max(0, inMs), 2 ** 31 - 1));
  }

  private async reached(): Promise<void> {
    const { startedAtMs, limitMs, waited, onOver } = this.options;
    const { waitedMs, waiting } = await waited().catch(() => ({ waitedMs: 0, waiting: false }));
    if (this.ended) return;
    const leftMs = startedAtMs + limitMs + waitedMs - Date.now();
    if (waiting) {
      this.look(this.lookMs);
      this.lookMs = Math.min(this.lookMs * 2, LOOK_MS_MAX);
    } else if (leftMs > 0) {
      this.lookMs = LOOK_MS;
      this.look(leftMs);
    } else onOver();
  }
}
