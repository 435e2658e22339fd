import { MinHeap } from '@torch/kernel';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  call: (() => void) | undefined;
}

/**
 * The time of a whole simulated world, and its executor: what is due is called in the order of its time and, within a
 * millisecond, in the order in which it was asked for. Nothing else ever happens, so that a run repeats exactly.
 */
export class VirtualTime {
  private readonly timers = new MinHeap<Timer>((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  private asked = 0;

  constructor(public nowMs: number) {}

  /** @returns how to cancel. */
  after(ms: number, call: () => void): () => void {
    const timer: Timer = { atMs: tickFrom(this.nowMs + Math.max(0, ms)), order: this.asked++, call };
    this.timers.push(timer);
    return () => (timer.call = undefined);
  }

  pause(ms: number): Promise<void> {
    return new Promise((over) => this.after(ms, over));
  }

  /** Lets the world run until `untilMs`, or until `isDone`, which is asked once for each moment at which something happens. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    for (let next = this.timers.peek(); next && next.atMs <= untilMs; next = this.timers.peek()) {
      this.nowMs = next.atMs;
      this.callDue();
      await settled();
      if (isDone()) return;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  private callDue(): void {
    const last = this.asked;
    for (let timer = this.timers.peek(); timer && timer.atMs <= this.nowMs && timer.order < last; timer = this.timers.peek()) {
      this.timers.pop();
      timer.call?.();
    }
  }
}

/** Time goes on in ticks, so that a world takes fewer rounds of the real event loop. */
const TICK_MS = 5;

const tickFrom = (ms: number): number => Math.ceil(ms / TICK_MS) * TICK_MS;

/** Resolves when every promise that could go on has done so: they all wait for timers of the virtual time. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
