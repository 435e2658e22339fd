import type { Hold } from '../gates/gate';
import { type CountedBefore, distinct, heldAtSemaphore, roomOf } from '../limits/limits.exports';
import type { SchedulerState, TaskState } from '../scheduler.state';
import { type Precedence, preceding } from './precedence';
import { isOlder } from './waiting-claims';

/** By semaphore: for whom a place is kept, the one that is held for longest first. */
export type KeptPlaces = ReadonlyMap<string, readonly Precedence[]>;

const NOTHING_KEPT: KeptPlaces = new Map();

/**
 * Whoever has precedence has a place kept in all its semaphores, or in none: where older ones have all places there are, its turn comes
 * when theirs is over, and what it would not use before that is left to others. The first of all has its places kept always.
 */
export function keptPlaces(state: SchedulerState, first: readonly Precedence[]): KeptPlaces {
  if (first.length === 0) return NOTHING_KEPT;
  const kept = new Map<string, Precedence[]>();
  for (const by of first) {
    const { semaphores } = by.waiter;
    if (semaphores.some((name) => (kept.get(name)?.length ?? 0) >= roomOf(state, name))) continue;
    for (const name of semaphores) {
      const others = kept.get(name);
      if (others) others.push(by);
      else kept.set(name, [by]);
    }
  }
  return kept;
}

/** What is kept of the room in semaphores, in one round of assignments. */
export class KeptRoom {
  private readonly places: KeptPlaces;
  private readonly taken = new Map<string, number>();

  constructor(
    private readonly state: SchedulerState,
    private readonly nowMs: number,
    first: readonly Precedence[] = preceding(state, nowMs),
  ) {
    this.places = keptPlaces(state, first);
  }

  /** What keeps the task back that has room in all its semaphores, so that others have theirs. */
  hold(task: TaskState): Hold | undefined {
    const { semaphores } = task.spec;
    if (!semaphores || this.places.size === 0) return undefined;
    for (const name of distinct(semaphores)) {
      const hold = this.holdIn(name, task);
      if (hold) return hold;
    }
    return undefined;
  }

  holdIn(name: string, task: TaskState): Hold | undefined {
    const before = this.places.get(name)?.filter((by) => this.goesBefore(by, task)) ?? [];
    const [first] = before;
    if (!first) return undefined;
    const counted: CountedBefore = { nowMs: this.nowMs, taken: (this.taken.get(name) ?? 0) + before.length };
    const hold = heldAtSemaphore(this.state, name, counted);
    if (!hold) return undefined;
    const { reason, key, untilMs } = hold;
    return { reason, key, message: inWords(name, first), ...(untilMs !== undefined && { untilMs }) };
  }

  take({ spec: { semaphores } }: TaskState): void {
    if (!semaphores || this.places.size === 0) return;
    for (const name of distinct(semaphores)) this.taken.set(name, (this.taken.get(name) ?? 0) + 1);
  }

  /**
   * Among those that have been held, age decides. One that never was goes on as long as it has been ready since before, and is not of
   * a worse priority that it has yet to wait off.
   */
  private goesBefore({ waiter }: Precedence, { strand }: TaskState): boolean {
    const own = this.state.claims.waiting.of(strand);
    if (waiter.wishKey === own?.wishKey || waiter.strand.size === 0) return false; // Empty: its last task goes in this very plan.
    if (!strand || own?.heldSinceMs !== undefined) return isOlder(waiter, own);
    const stepsWorse = Math.max(0, strand.priority - waiter.strand.priority);
    return strand.readySinceMs() + stepsWorse * this.state.limits.ageStepMs >= (waiter.heldSinceMs as number);
  }
}

function inWords(name: string, { task, waiter: { semaphores, heldSinceMs } }: Precedence): string {
  const whose = `task ${task.spec.taskId}, which has waited for room in ${semaphores.join(', ')} since ${heldSinceMs}`;
  return `Room in semaphore ${name} is kept for ${whose} and goes first.`;
}
