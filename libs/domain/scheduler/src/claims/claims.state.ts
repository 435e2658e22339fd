import type { ClaimEnd, ClaimHolder, ClaimMode, PathClaim } from '@torch/contracts';
import { Heap, noteIndex, orderedIds } from '@torch/kernel';
import type { Strand } from '../order/strand';
import { ClaimIndex, type Held, type Wanted } from './claim-index';
import { wantedBy } from './conflict';
import { globOf } from './path-glob';
import type { KeptPlaces } from './kept-room';
import type { Precedence } from './precedence';
import { type Arrival, type EncodedWaiting, WaitingClaims } from './waiting-claims';

/** Refusals that are remembered for `GetClaim`, the newest. */
export const REFUSALS_KEPT = 1000;

/** What an agent has claimed beside its tasks. */
export interface OwnClaim {
  readonly id: string;
  readonly agentId: string;
  readonly taskId?: string;
  /** Of the task: the claim ends with it. */
  readonly attempt?: number;
  readonly paths: readonly PathClaim[];
  leaseUntilMs: number;
  /** Derived: place among the timers. */
  heapIndex: number;
}
type EncodedClaim = Omit<OwnClaim, 'heapIndex'>;

export interface Refusal {
  readonly claimId: string;
  readonly agentId: string;
  readonly path: string;
  readonly mode: ClaimMode;
  readonly heldBy: ClaimHolder;
}

/** What a live attempt holds. */
interface TaskClaims {
  readonly taskId: string;
  readonly agentId: string;
  readonly paths: readonly PathClaim[];
}

interface StrandArrival extends Omit<Arrival, 'heldSinceMs'> {
  readonly sinceMs: number;
  readonly isFull: boolean;
}

interface EncodedClaims {
  readonly waiting: EncodedWaiting;
  readonly tasks: readonly TaskClaims[];
  readonly own: readonly EncodedClaim[];
  readonly refused: readonly Refusal[];
  readonly ending: readonly (readonly [id: string, reason: ClaimEnd])[];
}

export const taskKey = (taskId: string): string => `claim/task/${taskId}`;
export const ownKey = (claimId: string): string => `claim/own/${claimId}`;

/** Who holds what of one project. Changed by `evolve` alone. */
export class Claims {
  readonly own = new Map<string, OwnClaim>();
  /** Whose tasks are ready and want paths, or room in several semaphores. */
  readonly waiting: WaitingClaims;
  /** A cache: for whom the last plan has kept paths, and places in semaphores. */
  preceding: readonly Precedence[] = [];
  keptPlaces: KeptPlaces = new Map();
  /** Refused requests by claim id, the oldest first. */
  readonly refused = new Map<string, Refusal>();
  /** Own claims whose attempt or agent is gone: `settle` releases them, and until then they are held. */
  private readonly reasons = new Map<string, ClaimEnd>();
  private readonly endingIds = orderedIds();
  /** Derived: the next to run out is on top. */
  readonly timers = new Heap<OwnClaim>(
    (a, b) => a.leaseUntilMs < b.leaseUntilMs || (a.leaseUntilMs === b.leaseUntilMs && a.id < b.id),
    noteIndex,
  );
  private readonly tasks = new Map<string, TaskClaims>();
  /** Derived: everything that is held, and by whom. */
  private readonly index = new ClaimIndex();
  private readonly held = new Map<string, readonly Held[]>();
  private readonly ofAgent = new Map<string, Set<OwnClaim>>();
  private readonly ofTask = new Map<string, Set<OwnClaim>>();

  constructor(waiting: EncodedWaiting = []) {
    this.waiting = new WaitingClaims(waiting);
  }

  /** Agents' own claims, in no order that means anything. */
  ownOf(agentId: string): Iterable<OwnClaim> {
    return this.ofAgent.get(agentId) ?? [];
  }

  /** Those that end with an attempt of the task, likewise. */
  ownFor(taskId: string): Iterable<OwnClaim> {
    return this.ofTask.get(taskId) ?? [];
  }

  get ending(): ReadonlyMap<string, ClaimEnd> {
    return this.reasons;
  }

  /** What it was for is over: it is held until it is released. */
  ends(claimId: string, reason: ClaimEnd): void {
    this.reasons.set(claimId, reason);
    this.endingIds.add(claimId);
  }

  /** Those that are to be released, by id. */
  *endingFirst(): Iterable<readonly [id: string, reason: ClaimEnd]> {
    for (const id of this.endingIds) yield [id, this.reasons.get(id) as ClaimEnd];
  }

  /** The strand has its first ready task, since `sinceMs`. `isFull`: one of its semaphores is. */
  strandWaits(strand: Strand, { sinceMs, isFull, ...arrival }: StrandArrival): void {
    this.waiting.arrives(strand, { ...arrival, heldSinceMs: isFull || !this.isFree(arrival.paths) ? sinceMs : undefined });
  }

  taskBegins(claims: TaskClaims, atMs: number): void {
    const { taskId, agentId } = claims;
    this.tasks.set(taskId, claims);
    this.hold(heldBy(claims.paths, { key: taskKey(taskId), agentId, taskId }), atMs);
  }

  /** False when it held nothing. */
  taskEnds(taskId: string): boolean {
    this.letGo(taskKey(taskId));
    return this.tasks.delete(taskId);
  }

  grant(claim: EncodedClaim, atMs: number): void {
    const known = this.own.get(claim.id);
    if (known) {
      known.leaseUntilMs = claim.leaseUntilMs;
      this.timers.updateAt(known.heapIndex);
      return;
    }
    const { id, agentId, taskId } = claim;
    const added = { ...claim, heapIndex: -1 };
    this.own.set(id, added);
    this.timers.push(added);
    addTo(this.ofAgent, agentId, added);
    if (taskId !== undefined) addTo(this.ofTask, taskId, added);
    this.hold(heldBy(claim.paths, { key: ownKey(id), agentId, claimId: id, ...(taskId === undefined ? {} : { taskId }) }), atMs);
    this.refused.delete(id);
  }

  release(claimId: string): void {
    const claim = this.own.get(claimId);
    this.reasons.delete(claimId);
    this.endingIds.delete(claimId);
    if (!claim) return;
    this.own.delete(claimId);
    this.timers.removeAt(claim.heapIndex);
    deleteFrom(this.ofAgent, claim.agentId, claim);
    if (claim.taskId !== undefined) deleteFrom(this.ofTask, claim.taskId, claim);
    this.letGo(ownKey(claimId));
  }

  refuse(refusal: Refusal): void {
    this.refused.delete(refusal.claimId);
    this.refused.set(refusal.claimId, refusal);
    for (const id of this.refused.keys()) {
      if (this.refused.size <= REFUSALS_KEPT) break;
      this.refused.delete(id);
    }
  }

  conflicts(wanted: Wanted): Iterable<Held> {
    return this.index.conflicts(wanted);
  }

  all(): readonly Held[] {
    return [...this.held.values()].flat();
  }

  encode(): EncodedClaims {
    return {
      waiting: this.waiting.encode(),
      tasks: [...this.tasks.values()].sort((a, b) => (a.taskId < b.taskId ? -1 : 1)),
      own: [...this.own.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ heapIndex: _derived, ...claim }) => claim),
      refused: [...this.refused.values()],
      ending: [...this.endingFirst()],
    };
  }

  static decode(encoded: unknown): Claims {
    const { waiting, tasks, own, refused, ending } = encoded as EncodedClaims;
    const claims = new Claims(waiting);
    for (const one of tasks) claims.taskBegins(one, 0); // Nobody waits yet: it makes no difference since when.
    for (const claim of own) claims.grant(claim, 0);
    for (const refusal of refused) claims.refused.set(refusal.claimId, refusal);
    for (const [id, reason] of ending) claims.ends(id, reason);
    return claims;
  }

  private isFree(paths: readonly PathClaim[]): boolean {
    for (const wanted of wantedBy(paths)) for (const _held of this.index.conflicts(wanted)) return false;
    return true;
  }

  private hold(held: readonly Held[], atMs: number): void {
    for (const one of held) {
      this.index.add(one);
      this.held.set(one.key, held);
      this.waiting.granted(one, atMs);
    }
  }

  private letGo(key: string): void {
    for (const one of this.held.get(key) ?? []) this.index.remove(one);
    this.held.delete(key);
  }
}

function addTo(claims: Map<string, Set<OwnClaim>>, key: string, claim: OwnClaim): void {
  const known = claims.get(key);
  if (known) known.add(claim);
  else claims.set(key, new Set([claim]));
}

function deleteFrom(claims: Map<string, Set<OwnClaim>>, key: string, claim: OwnClaim): void {
  const known = claims.get(key);
  if (known?.delete(claim) && known.size === 0) claims.delete(key);
}

export function heldBy(paths: readonly PathClaim[], by: Pick<Held, 'key' | 'agentId' | 'claimId' | 'taskId'>): readonly Held[] {
  return paths.map(({ path, mode }) => ({ ...by, path, mode, glob: globOf(path) }));
}

export function holderOf({ agentId, claimId, taskId, path, mode }: Held): ClaimHolder {
  return {
    agentId,
    ...(claimId === undefined ? {} : { claimId }),
    ...(taskId === undefined ? {} : { taskId }),
    path,
    mode,
  };
}
