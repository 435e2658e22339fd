import type { Hold } from '../gates/gate';
import type { SchedulerState } from '../scheduler.state';
import { type CountedBefore, heldBy, quotaKey } from './limits.gate';
import { distinct, type LimitId, limitId } from './limits.state';

const NONE: readonly string[] = [];
const idOf = (name: string): LimitId => limitId('semaphore', name);

/** What keeps the next one back that names the semaphore. */
export const heldAtSemaphore = (state: SchedulerState, name: string, before: CountedBefore): Hold | undefined =>
  heldBy(state, idOf(name), before);

/** What everything is parked on that the semaphore holds. */
export const semaphoreKey = (name: string): string => quotaKey(idOf(name));

/** Live attempts that it lets have, at the most; `Infinity` for any number. */
export const roomOf = ({ quotas }: SchedulerState, name: string): number => quotas.of('semaphore', name)?.concurrency ?? Infinity;

export const isFull = (state: SchedulerState, name: string): boolean => state.quotas.countOf('semaphore', name).live >= roomOf(state, name);

/** Those of a task that names several, sorted; none for a task of one, which has its turn in the order of the queue. */
export function severalOf(semaphores: readonly string[] = NONE): readonly string[] {
  const names = distinct(semaphores);
  return names.length > 1 ? [...names].sort() : NONE;
}

/** To be called when less may be left in the semaphores than before: those who wait for room in several count from then on. */
export function noteFull(state: SchedulerState, semaphores: readonly string[], atMs: number): void {
  const { waiting } = state.claims;
  for (const name of semaphores)
    if (waiting.isRoomWanted(name) && heldAtSemaphore(state, name, { nowMs: atMs, taken: 0 })) waiting.filled(name, atMs);
}
