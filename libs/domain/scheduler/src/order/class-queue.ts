import { OrderQueue } from './order-queue';
import { goesFirst, type Strand } from './strand';

/**
 * All ready tasks of one demand class. Strands that a gate has held for all that wait on its key queue apart, in a queue of that key:
 * it sleeps until the key is woken, and costs nothing meanwhile.
 */
export class ClassQueue {
  /** Tasks, held ones included. */
  size = 0;
  readonly strands = new Map<string, Strand>();
  readonly main = new OrderQueue();
  /** Strands that none of the free agents may take. */
  readonly stuck = new Set<Strand>();
  private readonly held = new Map<string, OrderQueue>();
  /** Of the held ones, those that are not known to be held any more. */
  private readonly awake = new Set<OrderQueue>();

  /** Whether anything in it may go. */
  get isWaiting(): boolean {
    return this.main.strands > 0 || this.awake.size > 0;
  }

  /** What goes first among all that may go. */
  peek(): Strand | undefined {
    let first = this.main.peek();
    for (const queue of this.awake) {
      const other = queue.peek();
      if (other && (!first || goesFirst(other, first))) first = other;
    }
    return first;
  }

  /** Where the strand queues: at home, unless that queue has been given up meanwhile. */
  add(strand: Strand): void {
    const { holdKey } = strand.home;
    if (holdKey !== undefined && this.held.get(holdKey) !== strand.home) strand.home = this.main;
    strand.home.add(strand);
  }

  remove(strand: Strand): void {
    const { home } = strand;
    home.remove(strand);
    if (home.holdKey === undefined || home.strands > 0) return;
    this.held.delete(home.holdKey);
    this.awake.delete(home);
  }

  /** Moves the strand to those that are held on the key, and lets all of these sleep. */
  hold(strand: Strand, holdKey: string): OrderQueue {
    let queue = this.held.get(holdKey);
    if (!queue) {
      queue = new OrderQueue(holdKey);
      this.held.set(holdKey, queue);
    }
    if (strand.home !== queue) {
      if (strand.lane) this.remove(strand);
      strand.home = queue;
      queue.add(strand);
    }
    this.awake.delete(queue);
    return queue;
  }

  wake(queue: OrderQueue): void {
    if (queue.strands > 0 && this.held.get(queue.holdKey as string) === queue) this.awake.add(queue);
  }

  isAsleep(queue: OrderQueue): boolean {
    return queue.holdKey !== undefined && !this.awake.has(queue);
  }
}
