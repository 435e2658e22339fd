import type { PathClaim } from '@torch/contracts';
import { Heap, HeapWalk, noteIndex } from '@torch/kernel';
import type { Strand } from '../order/strand';
import { ClaimIndex, type Wanted } from './claim-index';
import { wantedBy } from './conflict';

/** A strand of ready tasks that want the same: paths, room in several semaphores, or both. */
export interface Waiter {
  readonly strand: Strand;
  /** Tells it from all others, also after a restart. */
  readonly id: string;
  /** Waiters of one key are treated alike by everything but claims: when one of them could go, all could. */
  readonly peersKey: string;
  /** Waiters of one key are of one role and want the same. */
  readonly wishKey: string;
  readonly paths: readonly WaitingPath[];
  readonly semaphores: readonly string[];
  /** Since when others have had any of it, epoch ms; counted anew whenever one of its tasks is assigned. */
  heldSinceMs: number | undefined;
  /** Derived: place among its peers that are held, or -1. */
  heapIndex: number;
}

interface WaitingPath extends Wanted {
  readonly waiter: Waiter;
}

interface Peers {
  /** The one that is held for longest is on top. */
  readonly held: Heap<Waiter>;
  heapIndex: number;
}

export interface Arrival extends Pick<Waiter, 'peersKey' | 'wishKey' | 'semaphores' | 'heldSinceMs'> {
  readonly paths: readonly PathClaim[];
}

export type EncodedWaiting = readonly (readonly [id: string, heldSinceMs: number])[];

/**
 * Who waits for paths or for room in several semaphores, and since when others have had them. A strand is looked at when it comes, when
 * something that it conflicts with is granted or one of its semaphores is full for the first time, and when one of its tasks is
 * assigned; never are all of them.
 */
export class WaitingClaims {
  private readonly byStrand = new Map<Strand, Waiter>();
  /** Paths of those that nobody has had anything of so far: what a grant is compared with. */
  private readonly free = new ClaimIndex<WaitingPath>();
  /** Of the same, by semaphore. */
  private readonly freeRoom = new Map<string, Set<Waiter>>();
  private readonly peers = new Map<string, Peers>();
  private readonly byAge = new Heap<Peers>((a, b) => isOlder(a.held.peek() as Waiter, b.held.peek()), noteIndex);

  /** Since when those are held that have yet to arrive, after a restart. */
  private readonly restored: Map<string, number>;

  constructor(encoded: EncodedWaiting) {
    this.restored = new Map(encoded);
  }

  of(strand: Strand | undefined): Waiter | undefined {
    return strand && this.byStrand.get(strand);
  }

  /** `heldSinceMs`: undefined, when nobody has any of what it wants. */
  arrives(strand: Strand, { paths, heldSinceMs, ...keys }: Arrival): void {
    const id = `${strand.demand.role.name}\n${strand.demand.key}\n${strand.key}`;
    const wanting: WaitingPath[] = [];
    const waiter: Waiter = { ...keys, strand, id, paths: wanting, heldSinceMs: undefined, heapIndex: -1 };
    for (const wanted of wantedBy(paths)) wanting.push({ ...wanted, waiter });
    this.byStrand.set(strand, waiter);
    const sinceMs = this.restored.get(id) ?? heldSinceMs;
    this.restored.delete(id);
    if (sinceMs === undefined) this.addFree(waiter);
    else this.hold(waiter, sinceMs);
  }

  leaves(strand: Strand): void {
    const waiter = this.byStrand.get(strand);
    if (!waiter) return;
    this.byStrand.delete(strand);
    if (waiter.heldSinceMs === undefined) this.removeFree(waiter);
    else this.letGo(waiter);
  }

  /** One of its tasks is assigned: the others wait anew. */
  startsAgain(strand: Strand): void {
    const waiter = this.byStrand.get(strand);
    if (waiter?.heldSinceMs === undefined) return;
    this.letGo(waiter);
    this.addFree(waiter);
  }

  /** Somebody has the path from now on. */
  granted(path: Wanted, atMs: number): void {
    for (const waiter of new Set([...this.free.conflicts(path)].map((waiting) => waiting.waiter))) {
      this.removeFree(waiter);
      this.hold(waiter, atMs);
    }
  }

  /** Whether anybody would have to be told that the semaphore is full. */
  isRoomWanted(semaphore: string): boolean {
    return this.freeRoom.has(semaphore);
  }

  /** The semaphore has no room from now on. */
  filled(semaphore: string, atMs: number): void {
    for (const waiter of [...(this.freeRoom.get(semaphore) ?? [])]) {
      this.removeFree(waiter);
      this.hold(waiter, atMs);
    }
  }

  isAnyHeld(untilMs: number): boolean {
    return (this.byAge.peek()?.held.peek()?.heldSinceMs ?? Infinity) <= untilMs;
  }

  /** Of those of one `peersKey` the one that is held for longest, if that is since `untilMs` or before; the longest first. */
  *heldLongest(untilMs: number): Iterable<Waiter> {
    const walk = new HeapWalk(this.byAge);
    for (let next = walk.peek(); next; walk.next(), next = walk.peek()) {
      const waiter = next.held.peek() as Waiter;
      if ((waiter.heldSinceMs as number) > untilMs) return;
      yield waiter;
    }
  }

  encode(): EncodedWaiting {
    const held = [...this.byStrand.values()].flatMap(({ id, heldSinceMs }) =>
      heldSinceMs === undefined ? [] : [[id, heldSinceMs] as const],
    );
    return held.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  private addFree(waiter: Waiter): void {
    for (const path of waiter.paths) this.free.add(path);
    for (const name of waiter.semaphores) {
      const others = this.freeRoom.get(name);
      if (others) others.add(waiter);
      else this.freeRoom.set(name, new Set([waiter]));
    }
  }

  private removeFree(waiter: Waiter): void {
    for (const path of waiter.paths) this.free.remove(path);
    for (const name of waiter.semaphores) {
      const others = this.freeRoom.get(name);
      if (others?.delete(waiter) && others.size === 0) this.freeRoom.delete(name);
    }
  }

  private hold(waiter: Waiter, sinceMs: number): void {
    waiter.heldSinceMs = sinceMs;
    const peers = this.peers.get(waiter.peersKey);
    if (peers) {
      peers.held.push(waiter);
      this.byAge.updateAt(peers.heapIndex);
      return;
    }
    const first: Peers = { held: new Heap<Waiter>(isOlder, noteIndex), heapIndex: -1 };
    first.held.push(waiter);
    this.peers.set(waiter.peersKey, first);
    this.byAge.push(first);
  }

  private letGo(waiter: Waiter): void {
    const peers = this.peers.get(waiter.peersKey) as Peers;
    if (peers.held.size === 1) {
      this.byAge.removeAt(peers.heapIndex); // While it is not empty, because its waiter ranks it.
      this.peers.delete(waiter.peersKey);
    }
    peers.held.removeAt(waiter.heapIndex);
    if (peers.held.size > 0) this.byAge.updateAt(peers.heapIndex);
    waiter.heldSinceMs = undefined;
  }
}

/** Held for longer; ids settle what is left, and whoever is not held is the youngest. */
export function isOlder(a: Waiter, b: Waiter | undefined): boolean {
  const [sinceA, sinceB] = [a.heldSinceMs ?? Infinity, b?.heldSinceMs ?? Infinity];
  return sinceA < sinceB || (sinceA === sinceB && b !== undefined && a.id < b.id);
}
