import { Heap } from '@torch/kernel';
import type { KeyLane } from './order-queue';

/** Keys that have nothing waiting and are still remembered for what they have just had. */
export const IDLE_SHARES_MAX = 10_000;

/** What a fairness key has had of its role, or a role of its project. */
export interface Share {
  readonly key: string;
  /** Virtual time at which its next task starts: grows by 1 / weight with each assignment. */
  vt: number;
  /** What waits of it: ready tasks of the fairness key; one for a role with any. */
  waiting: number;
  /** The lanes in which a fairness key's tasks wait, one for each class and level. */
  readonly lanes: Set<KeyLane>;
  /** Place among the idle ones, or -1. */
  idleIndex: number;
}

export interface EncodedShares {
  readonly v: number;
  readonly keys: readonly (readonly [key: string, vt: number])[];
}

/**
 * Start-time fair queueing (Goyal, Vin, Cheng 1996) between the fairness keys of one role, and between the roles of one project. The key
 * with the least virtual time goes first; an assignment starts at the later of the key's virtual time and the common one, moves the
 * common one to that start, and the key's 1 / weight beyond it. A key that comes to wait begins no earlier than the common virtual time,
 * so that nobody saves up while idle.
 *
 * No key's virtual time is ever more than 1 / weight ahead of the common one. So a key that waits sees, of each other key, at most
 * ⌈weight of the other / its own⌉ + 1 tasks go before its next, whatever the other has queued.
 *
 * Only assignments and arrivals of tasks change it, so it is the same in every replay.
 */
export class FairShares {
  v = 0;
  /** Of all keys together. */
  waiting = 0;
  private shares = new Map<string, Share>();
  private idle = idleShares();

  arrive(key: string): Share {
    let share = this.shares.get(key);
    if (!share) {
      share = newShare(key, this.v);
      this.shares.set(key, share);
    } else if (share.idleIndex >= 0) this.idle.removeAt(share.idleIndex);
    share.waiting++;
    this.waiting++;
    return share;
  }

  leave(share: Share): void {
    share.waiting--;
    this.waiting--;
    if (this.waiting === 0) this.forgetAll();
    else if (share.waiting === 0) this.rest(share);
  }

  /** The key has been given a task. Where nobody waits, there is nothing to share. */
  charge(key: string, weight: number): Share | undefined {
    if (this.waiting === 0) return undefined;
    let share = this.shares.get(key);
    if (!share) {
      share = newShare(key, this.v);
      this.shares.set(key, share);
    }
    this.v = startOf(share, this);
    share.vt = this.v + 1 / weight;
    if (share.waiting === 0) this.rest(share);
    for (let least = this.idle.peek(); least && least.vt <= this.v; least = this.idle.peek()) this.forget(least);
    return share;
  }

  encode(): EncodedShares {
    const keys = [...this.shares.values()].map(({ key, vt }) => [key, vt] as const);
    return { v: this.v, keys: keys.sort(([a], [b]) => (a < b ? -1 : 1)) };
  }

  /** Before anything arrives. */
  restore({ v, keys }: EncodedShares): void {
    this.v = v;
    for (const [key, vt] of keys) {
      const share = newShare(key, vt);
      this.shares.set(key, share);
      if (vt > v) this.idle.push(share);
    }
  }

  private rest(share: Share): void {
    if (share.idleIndex >= 0) this.idle.updateAt(share.idleIndex);
    else if (share.vt > this.v) this.idle.push(share);
    else this.shares.delete(share.key);
    if (this.idle.size > IDLE_SHARES_MAX) this.forget(this.idle.peek() as Share);
  }

  private forget(share: Share): void {
    if (share.idleIndex >= 0) this.idle.removeAt(share.idleIndex);
    this.shares.delete(share.key);
  }

  private forgetAll(): void {
    this.v = 0;
    this.shares = new Map();
    this.idle = idleShares();
  }
}

/** Virtual time at which the key's next task starts. */
export const startOf = ({ vt }: Share, { v }: FairShares): number => Math.max(vt, v);

function idleShares(): Heap<Share> {
  return new Heap<Share>(
    (a, b) => a.vt < b.vt || (a.vt === b.vt && a.key < b.key),
    (share, index) => {
      share.idleIndex = index;
    },
  );
}

const newShare = (key: string, vt: number): Share => ({ key, vt, waiting: 0, lanes: new Set(), idleIndex: -1 });
