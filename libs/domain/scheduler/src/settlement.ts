import type { NewEvent } from '@torch/kernel';
import type { DemandClass } from './matching';
import { inThread } from './scheduler.facts';
import type { SchedulerState, TaskEnd, TaskState } from './scheduler.state';

/** What one answer of `settle` has decided so far. The state itself does not change before the events are evolved. */
export interface Settlement {
  readonly state: SchedulerState;
  readonly nowMs: number;
  readonly newId: () => string;
  readonly events: NewEvent[];
  /** Tasks that this answer ends, and how: they are not to be assigned. */
  readonly ended: Map<TaskState, Exclude<TaskEnd, 'completed'>>;
  /** By demand class: how many ready tasks have left the queue. */
  readonly left: Map<DemandClass, number>;
}

export const roomIn = ({ state, events }: Settlement): number => state.limits.settleEventsMax - events.length;

export function leaves({ left }: Settlement, demand: DemandClass): void {
  left.set(demand, (left.get(demand) ?? 0) + 1);
}

/** False when the task has been ended by this answer already, or when there is no room left. */
export function ends(settlement: Settlement, task: TaskState, as: Exclude<TaskEnd, 'completed'>, event: NewEvent): boolean {
  if (settlement.ended.has(task) || roomIn(settlement) <= 0) return false;
  settlement.ended.set(task, as);
  if (task.demand) leaves(settlement, task.demand);
  settlement.events.push(inThread(task, event));
  return true;
}
