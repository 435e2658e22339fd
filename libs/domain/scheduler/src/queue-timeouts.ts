import { Heap } from '@torch/kernel';
import type { TaskMoments } from './scheduler.state';

/** Tasks whose time is counted anew at one look, for each that is asked for. */
const COUNTED_ANEW = 4;

/**
 * Until when ready tasks wait for an agent. While the project's work is stopped, nobody's time passes; once it is resumed, everybody has
 * the whole of it again. Neither goes through those that wait: each is counted anew when its earlier time has come.
 */
export class QueueTimeouts {
  private readonly heap = new Heap<TaskMoments>(
    (a, b) => a.queueUntilMs < b.queueUntilMs || (a.queueUntilMs === b.queueUntilMs && a.task.seq < b.task.seq),
    (moments, index) => {
      moments.queueIndex = index;
    },
  );
  /** Counts the times that work was resumed. */
  private epoch = 1;
  private resumedAtMs = 0;

  constructor(private isStopped: boolean) {}

  get size(): number {
    return this.heap.size;
  }

  begins(moments: TaskMoments, untilMs: number): void {
    moments.queueUntilMs = untilMs;
    moments.queueEpoch = this.isStopped ? 0 : this.epoch;
    if (moments.queueIndex >= 0) this.heap.updateAt(moments.queueIndex);
    else this.heap.push(moments);
  }

  ends(moments: TaskMoments): void {
    if (moments.queueIndex >= 0) this.heap.removeAt(moments.queueIndex);
    moments.queueUntilMs = Infinity;
  }

  stop(): void {
    this.isStopped = true;
  }

  resume(atMs: number): void {
    this.isStopped = false;
    this.resumedAtMs = atMs;
    this.epoch++;
  }

  /** Epoch ms; `Infinity` for never. */
  untilMs(moments: TaskMoments): number {
    if (moments.queueIndex < 0 || this.isStopped) return Infinity;
    return moments.queueEpoch === this.epoch ? moments.queueUntilMs : this.resumedAtMs + (moments.task.spec.queueTimeoutMs ?? Infinity);
  }

  /** When somebody's time may be over; not later than when it is. */
  dueAtMs(): number {
    if (this.isStopped) return Infinity;
    this.countAnew(COUNTED_ANEW);
    return this.heap.peek()?.queueUntilMs ?? Infinity;
  }

  /** Those whose time is over, the earliest first: at most `max`, and perhaps fewer than there are. */
  due(nowMs: number, max: number): readonly TaskMoments[] {
    const found: TaskMoments[] = [];
    if (this.isStopped) return found;
    let left = COUNTED_ANEW * max;
    while (found.length < max && left > 0) {
      left -= this.countAnew(left);
      const next = this.heap.peek();
      if (!next || next.queueUntilMs > nowMs || next.queueEpoch !== this.epoch) break;
      found.push(this.heap.removeAt(0));
    }
    for (const moments of found) this.heap.push(moments); // They are due until an event says what became of them.
    return found;
  }

  /** The first ones whose time was counted before work was resumed. */
  private countAnew(max: number): number {
    let counted = 0;
    for (let next = this.heap.peek(); next && next.queueEpoch !== this.epoch && counted < max; next = this.heap.peek()) {
      this.begins(next, this.untilMs(next));
      counted++;
    }
    return counted;
  }
}
