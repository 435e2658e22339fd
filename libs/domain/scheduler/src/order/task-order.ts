import { Heap } from '@torch/kernel';
import { gates, type Hold } from '../gates/gates.exports';
import type { DemandClass } from '../matching';
import type { TaskState } from '../scheduler.state';
import { levelAt, promotedAtMs } from './ageing';
import type { Share } from './fair-shares';
import { Parking } from './parking';
import { Strand } from './strand';

/** Puts ready tasks into strands and strands into their place, by what the clock last said. */
export class TaskOrder {
  private nowMs = 0;
  private readonly parking = new Parking();
  /** Strands that ageing will raise, the next one first. */
  private readonly promotions = new Heap<Strand>(
    (a, b) => a.promotedAtMs < b.promotedAtMs,
    (strand, index) => {
      strand.promotionIndex = index;
    },
  );
  /** Classes with a strand that none of the free agents may take, and what keeps it from some of them. */
  private readonly stuck = new Set<DemandClass>();
  private readonly stuckOn = new Set<string>();

  constructor(
    private readonly ageStepMs: number,
    /** Whether anything of the class may go has perhaps changed. */
    private readonly moved: (demand: DemandClass) => void,
  ) {}

  enqueue(task: TaskState, demand: DemandClass, share: Share): void {
    const { queue } = demand;
    const key = strandKeyOf(task);
    let strand = queue.strands.get(key);
    if (!strand) {
      strand = new Strand(key, demand, share, task.priority);
      queue.strands.set(key, strand);
    }
    task.strand = strand;
    queue.size++;
    this.put(task, strand);
    this.moved(demand);
  }

  dequeue(task: TaskState, strand: Strand): void {
    const { queue } = strand.demand;
    this.takeOut(task, strand);
    task.strand = undefined;
    queue.size--;
    if (strand.size === 0) {
      queue.strands.delete(strand.key);
      strand.aside?.delete(strand);
    }
    this.moved(strand.demand);
  }

  /** The task goes out of turn for a while: for `put` to bring it back. */
  takeOut(task: TaskState, strand: Strand): void {
    strand.remove(task);
    if (strand.aside || !strand.lane) return;
    if (strand.size === 0) this.lift(strand);
    else this.rank(strand);
  }

  put(task: TaskState, strand: Strand): void {
    const isBehind = strand.push(task);
    if (strand.aside) return;
    if (!strand.lane) this.place(strand);
    else if (!isBehind) this.rank(strand);
  }

  place(strand: Strand): void {
    strand.level = this.readClock(strand).level;
    strand.demand.queue.add(strand);
    if (strand.promotedAtMs < Infinity) this.promotions.push(strand);
  }

  lift(strand: Strand): void {
    strand.demand.queue.remove(strand);
    if (strand.promotionIndex >= 0) this.promotions.removeAt(strand.promotionIndex);
  }

  /** A gate holds the strand: nobody asks it again before the hold's key is woken. */
  park(strand: Strand, hold: Hold): void {
    if (!hold.forAll) this.lift(strand);
    this.parking.park(strand, hold);
    this.moved(strand.demand);
  }

  /** No agent that is free may take the strand, some because of `holds`: nobody tries again before one is free or a hold is woken. */
  stick(strand: Strand, holds: Iterable<Hold>): void {
    this.lift(strand);
    strand.demand.queue.stuck.add(strand);
    strand.aside = strand.demand.queue.stuck;
    this.stuck.add(strand.demand);
    for (const hold of holds) {
      this.stuckOn.add(hold.key);
      this.parking.wakeAt(hold);
    }
    this.moved(strand.demand);
  }

  /** An agent of the profile is free, and perhaps was not. */
  unstick(canTake: (demand: DemandClass) => boolean): void {
    for (const demand of this.stuck) {
      if (!canTake(demand)) continue;
      this.stuck.delete(demand);
      const strands = [...demand.queue.stuck];
      demand.queue.stuck.clear();
      for (const strand of strands) this.bringBack(strand);
      this.moved(demand);
    }
  }

  /** What holds on the key has changed: whatever was held by it is asked about again. */
  wake(key: string): void {
    if (this.stuckOn.delete(key)) this.unstick(() => true);
    const parked = this.parking.take(key);
    if (!parked) return;
    for (const strand of parked.strands) {
      this.bringBack(strand);
      this.moved(strand.demand);
    }
    for (const [queue, demand] of parked.queues) {
      demand.queue.wake(queue);
      this.moved(demand);
    }
  }

  /** Ages what waits, and wakes what time has set free. `all` is gone through only when the clock has gone back. */
  passTo(nowMs: number, all: () => Iterable<DemandClass>): void {
    const wentBack = nowMs < this.nowMs;
    this.nowMs = nowMs;
    if (wentBack) for (const { queue } of all()) for (const strand of queue.strands.values()) if (strand.lane) this.rank(strand);
    for (let next = this.promotions.peek(); next && next.promotedAtMs <= nowMs; next = this.promotions.peek()) this.rank(next);
    for (const key of this.parking.due(nowMs)) this.wake(key);
  }

  nextWakeMs(): number {
    return this.parking.nextWakeMs();
  }

  private bringBack(strand: Strand): void {
    strand.aside = undefined;
    this.place(strand);
  }

  /** Moves the strand to where its next task and its age belong now. */
  private rank(strand: Strand): void {
    const { queue } = strand.demand;
    const { level } = this.readClock(strand);
    if (level === strand.level) strand.home.refresh(strand);
    else {
      queue.remove(strand);
      strand.level = level;
      queue.add(strand);
    }
    if (strand.promotionIndex < 0) {
      if (strand.promotedAtMs < Infinity) this.promotions.push(strand);
    } else if (strand.promotedAtMs === Infinity) this.promotions.removeAt(strand.promotionIndex);
    else this.promotions.updateAt(strand.promotionIndex);
  }

  /** Notes when the strand rises next, and says where it is until then. */
  private readClock(strand: Strand): { readonly level: number } {
    const sinceMs = strand.readySinceMs();
    const clock = { nowMs: this.nowMs, ageStepMs: this.ageStepMs };
    strand.promotedAtMs = promotedAtMs(strand.priority, sinceMs, clock);
    return { level: levelAt(strand.priority, sinceMs, clock) };
  }
}

/** Tasks of one class with equal keys are one to the rules. */
export function strandKeyOf(task: TaskState): string {
  let key = `${task.priority} ${task.fairnessKey}`;
  for (const gate of gates()) key += `\n${gate.gateKey(task)}`;
  const never = task.spec.affinity?.notAgentOf;
  return never && never.length > 0 ? `${key}\n${[...never].sort().join(' ')}` : key;
}
