interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

/** 2027-01-15T08:00:00Z. */
const START_MS_DEFAULT = 1_800_000_000_000;

/** Time that passes only when a test says so. Its methods may be passed on without their object. */
export class FakeClock {
  private readonly timers = new Set<Timer>();

  constructor(private atMs: number = START_MS_DEFAULT) {}

  /** Epoch ms. */
  readonly nowMs = (): number => this.atMs;

  /** Calls `fire` once, when `delayMs` have passed. @returns how to call it off. */
  readonly startTimer = (delayMs: number, fire: () => void): (() => void) => {
    const timer = { atMs: this.atMs + delayMs, fire };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  };

  /** Lets `ms` pass: whatever is due fires in its order, at its time. */
  advance(ms: number): void {
    const untilMs = this.atMs + ms;
    for (let timer = this.earliest(untilMs); timer; timer = this.earliest(untilMs)) {
      this.timers.delete(timer);
      this.atMs = Math.max(this.atMs, timer.atMs);
      timer.fire();
    }
    this.atMs = untilMs;
  }

  /** Timers that have not fired yet. */
  get pending(): number {
    return this.timers.size;
  }

  private earliest(untilMs: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.atMs <= untilMs && (!earliest || timer.atMs < earliest.atMs)) earliest = timer;
    }
    return earliest;
  }
}
