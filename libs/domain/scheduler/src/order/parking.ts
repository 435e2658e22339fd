import { Heap } from '@torch/kernel';
import type { Hold } from '../gates/gates.exports';
import type { DemandClass } from '../matching';
import type { OrderQueue } from './order-queue';
import type { Strand } from './strand';

interface Wake {
  readonly key: string;
  readonly untilMs: number;
}

/** What is held on one key. */
class Parked {
  /** Each held for reasons of its own. */
  readonly strands = new Set<Strand>();
  /** Held all together. */
  readonly queues = new Map<OrderQueue, DemandClass>();
}

/**
 * Who is held on what. A cache: it saves asking a gate again while its answer cannot have changed. Whatever is parked is held; a
 * state that has just been restored has nothing parked, and comes to the same decisions.
 */
export class Parking {
  private readonly byKey = new Map<string, Parked>();
  private readonly wakes = new Heap<Wake>((a, b) => a.untilMs < b.untilMs);
  /** The earliest wake of each key. */
  private readonly untilMs = new Map<string, number>();

  /** The strand does not queue any more, or queues among those that are held all together. */
  park(strand: Strand, hold: Hold): void {
    const parked = this.parkedOn(hold.key);
    if (hold.forAll) {
      const { demand } = strand;
      parked.queues.set(demand.queue.hold(strand, hold.key), demand);
    } else {
      parked.strands.add(strand);
      strand.aside = parked.strands;
    }
    this.wakeAt(hold);
  }

  /** When the key's hold ends by itself. */
  wakeAt({ key, untilMs }: Pick<Hold, 'key' | 'untilMs'>): void {
    if (untilMs === undefined || untilMs >= (this.untilMs.get(key) ?? Infinity)) return;
    this.untilMs.set(key, untilMs);
    this.wakes.push({ key, untilMs });
  }

  /** Takes out all that is held on the key. */
  take(key: string): Parked | undefined {
    const parked = this.byKey.get(key);
    this.byKey.delete(key);
    return parked;
  }

  /** The keys whose hold has ended by itself, earliest first. */
  *due(nowMs: number): Iterable<string> {
    for (let next = this.wakes.peek(); next && next.untilMs <= nowMs; next = this.wakes.peek()) {
      this.wakes.pop();
      if (this.untilMs.get(next.key) === next.untilMs) this.untilMs.delete(next.key);
      yield next.key;
    }
  }

  /** Epoch ms; `Infinity` when nothing is held that ends by itself. */
  nextWakeMs(): number {
    return this.wakes.peek()?.untilMs ?? Infinity;
  }

  private parkedOn(key: string): Parked {
    let parked = this.byKey.get(key);
    if (!parked) {
      parked = new Parked();
      this.byKey.set(key, parked);
    }
    return parked;
  }
}
