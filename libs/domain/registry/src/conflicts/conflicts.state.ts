import type { ConflictKind, ConflictParty, ConflictStatus } from '@torch/contracts';
import { OrderedSet } from '@torch/kernel';
import type { ConflictLimits } from './conflicts.limits';
import { SetsByKey } from './sets-by-key';

export interface Conflict {
  readonly conflictId: string;
  readonly kind: ConflictKind;
  readonly about: string;
  readonly parties: readonly ConflictParty[];
  readonly status: ConflictStatus;
  readonly openedAtMs: number;
  readonly deadlineAtMs: number;
  readonly resolution?: string;
  readonly inFavourOf?: string;
  readonly resolvedBy?: string;
  readonly resolvedAtMs?: number;
}

export interface EncodedConflicts {
  /** In the order in which they were opened. */
  readonly unresolved: readonly Conflict[];
  /** In the order in which they were resolved. */
  readonly resolved: readonly Conflict[];
}

/** The conflicts of one project: all that are unresolved, and the last ones that were resolved. */
export class Conflicts {
  private readonly unresolved = new Map<string, Conflict>();
  private readonly resolved = new Map<string, Conflict>();
  /** Unresolved ones by what they are about. */
  private readonly matters = new SetsByKey();
  /** Unresolved ones about claims by who holds them. */
  private readonly holders = new SetsByKey();
  /** The open ones; the next to escalate comes first. */
  private readonly deadlines = new OrderedSet<Conflict>(
    (a, b) => a.deadlineAtMs < b.deadlineAtMs || (a.deadlineAtMs === b.deadlineAtMs && a.conflictId < b.conflictId),
  );

  constructor(readonly limits: ConflictLimits) {}

  get(conflictId: string): Conflict | undefined {
    return this.unresolved.get(conflictId) ?? this.resolved.get(conflictId);
  }

  /** Unresolved ones in the order in which they were opened, then the others in the order in which they were resolved. */
  *all(): Iterable<Conflict> {
    yield* this.unresolved.values();
    yield* this.resolved.values();
  }

  get unresolvedCount(): number {
    return this.unresolved.size;
  }

  /** Unresolved ones about one matter, oldest first. */
  about(kind: ConflictKind, about: string): readonly Conflict[] {
    return this.matters.get(matter({ kind, about })).map((id) => this.unresolved.get(id) as Conflict);
  }

  /** Unresolved ones about claims that one holder has: see `claim-conflict.ts`. */
  heldBy(holder: string): readonly Conflict[] {
    return this.holders.get(holder).map((id) => this.unresolved.get(id) as Conflict);
  }

  get hasClaims(): boolean {
    return !this.holders.isEmpty;
  }

  /** When the next one escalates, epoch ms; `Infinity` for never. */
  dueAtMs(): number {
    return this.deadlines.first()?.deadlineAtMs ?? Infinity;
  }

  /** Those whose deadline has come, the earliest first; at most `max`. */
  due(nowMs: number, max: number): readonly Conflict[] {
    const due: Conflict[] = [];
    for (const conflict of this.deadlines) {
      if (conflict.deadlineAtMs > nowMs || due.length >= max) break;
      due.push(conflict);
    }
    return due;
  }

  add(conflict: Conflict): void {
    this.resolved.delete(conflict.conflictId);
    const before = this.unresolved.get(conflict.conflictId);
    if (before) this.deadlines.delete(before);
    this.unresolved.set(conflict.conflictId, conflict);
    this.matters.add(matter(conflict), conflict.conflictId);
    if (conflict.kind === 'claim') this.holders.add(holderOf(conflict), conflict.conflictId);
    if (conflict.status === 'open') this.deadlines.add(conflict);
  }

  escalate(conflictId: string): void {
    const conflict = this.unresolved.get(conflictId);
    if (!conflict) return;
    this.deadlines.delete(conflict);
    this.unresolved.set(conflictId, { ...conflict, status: 'escalated' });
  }

  resolve(conflictId: string, how: Pick<Conflict, 'resolution' | 'inFavourOf' | 'resolvedBy' | 'resolvedAtMs'>): void {
    const conflict = this.unresolved.get(conflictId);
    if (!conflict) return;
    this.unresolved.delete(conflictId);
    this.matters.remove(matter(conflict), conflictId);
    this.holders.remove(holderOf(conflict), conflictId);
    this.deadlines.delete(conflict);
    this.resolved.set(conflictId, { ...conflict, ...how, status: 'resolved' });
    for (const oldest of this.resolved.keys()) {
      if (this.resolved.size <= this.limits.resolvedMax) break;
      this.resolved.delete(oldest);
    }
  }

  encode(): EncodedConflicts {
    const copies = (conflicts: Iterable<Conflict>): Conflict[] => [...conflicts].map((conflict) => ({ ...conflict }));
    return { unresolved: copies(this.unresolved.values()), resolved: copies(this.resolved.values()) };
  }

  static decode(encoded: unknown, limits: ConflictLimits): Conflicts {
    const { unresolved, resolved } = encoded as EncodedConflicts;
    const conflicts = new Conflicts(limits);
    for (const conflict of unresolved) conflicts.add({ ...conflict });
    for (const conflict of resolved) conflicts.resolved.set(conflict.conflictId, { ...conflict });
    return conflicts;
  }
}

const matter = ({ kind, about }: Pick<Conflict, 'kind' | 'about'>): string => `${kind} ${about}`;
/** The holder is what such a conflict's id begins with. */
const holderOf = ({ conflictId }: Pick<Conflict, 'conflictId'>): string => conflictId.slice(0, Math.max(0, conflictId.lastIndexOf('.')));
