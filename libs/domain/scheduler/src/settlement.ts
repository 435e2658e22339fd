import type { NewEvent } from '@torch/kernel';
import { inThread } from './scheduler.facts';
import type { RunState, SchedulerState, TaskState } from './scheduler.state';

/** What one answer of `settle` says. The state itself does not change before the events are evolved. */
export interface Settlement {
  readonly state: SchedulerState;
  readonly nowMs: number;
  readonly newId: () => string;
  readonly events: NewEvent[];
}

/**
 * Says what follows from the state, and from nothing else that this answer says: up to `roomIn(settlement)` events, in an order that
 * does not depend on how many of them are taken at a time.
 */
export type Conclusion = (settlement: Settlement) => void;

export const roomIn = ({ state, events }: Settlement): number => state.limits.settleEventsMax - events.length;

/** Whether `count` more events are to be said: a few that belong together are, however little room there is for them. */
export const hasRoomFor = (settlement: Settlement, count: number): boolean => roomIn(settlement) >= count || settlement.events.length === 0;

/** Events of the thread of work that the task or run belongs to. */
export function says({ events }: Settlement, of: TaskState | RunState | undefined, ...said: readonly NewEvent[]): void {
  for (const event of said) events.push(of ? inThread(of, event) : event);
}
