import type { DemandClass } from '../matching';
import type { SchedulerState, TaskState } from '../scheduler.state';
import { weightOf } from '../weight';
import { type FairShares, type Share, startOf } from './fair-shares';
import { type OrderQueue, settleBack } from './order-queue';
import type { Strand } from './strand';

/** Tries out on the queues what would come next, as if it had been evolved already, and takes all of it back. */
export class Trial {
  private readonly removed: { readonly task: TaskState; readonly strand: Strand }[] = [];
  private readonly lifted: Strand[] = [];
  private readonly asleep: { readonly queue: OrderQueue; readonly demand: DemandClass }[] = [];
  private readonly virtualTimes = new Map<Share, number>();
  private readonly commonTimes = new Map<FairShares, number>();

  constructor(private readonly state: SchedulerState) {}

  remove(task: TaskState, strand: Strand): void {
    this.removed.push({ task, strand });
    this.state.matching.order.takeOut(task, strand);
  }

  charge({ share, demand: { role } }: Strand): void {
    this.chargeAs(share, role.shares, weightOf(this.state, share.key));
    if (role.share) this.chargeAs(role.share, this.state.matching.turns, 1);
  }

  lift(strand: Strand): void {
    this.state.matching.order.lift(strand);
    this.lifted.push(strand);
  }

  /** Lets the strand, and all others of its class that are held on the key, sleep. */
  sleep(strand: Strand, holdKey: string): void {
    const { demand } = strand;
    this.asleep.push({ queue: demand.queue.hold(strand, holdKey), demand });
  }

  takeBack(): void {
    const { order } = this.state.matching;
    for (const [shares, v] of this.commonTimes) shares.v = v;
    for (const [share, vt] of this.virtualTimes) {
      share.vt = vt;
      settleBack(share);
    }
    for (const { task, strand } of this.removed) order.put(task, strand);
    for (const strand of this.lifted) if (!strand.lane && strand.size > 0) order.place(strand);
    for (const { queue, demand } of this.asleep) demand.queue.wake(queue);
  }

  private chargeAs(share: Share, of: FairShares, weight: number): void {
    if (!this.virtualTimes.has(share)) this.virtualTimes.set(share, share.vt);
    if (!this.commonTimes.has(of)) this.commonTimes.set(of, of.v);
    of.v = startOf(share, of);
    share.vt = of.v + 1 / weight;
  }
}

/**
 * How many ready tasks of the same requirements come before the task, if nothing else arrives and no gate holds any of them; at most
 * `countMax` are counted. Undefined for a task that a gate holds.
 */
export function countAhead(state: SchedulerState, { strand, seq }: TaskState, countMax: number): number | undefined {
  if (!strand?.lane || strand.demand.queue.isAsleep(strand.home)) return undefined;
  const trial = new Trial(state);
  let count = 0;
  for (let next = strand.demand.queue.peek(); next && count < countMax; next = strand.demand.queue.peek(), count++) {
    const { head } = next;
    if (head.seq === seq) break;
    trial.remove(head, next);
    trial.charge(next);
  }
  trial.takeBack();
  return count;
}
