import type { NewEvent } from '@torch/kernel';
import type { DemandClass } from './matching';
import type { SchedulerState, TaskState } from './scheduler.state';

/** What one answer of `settle` has decided so far. The state itself does not change before the events are evolved. */
export interface Settlement {
  readonly state: SchedulerState;
  readonly nowMs: number;
  readonly newId: () => string;
  readonly events: NewEvent[];
  readonly cancelled: Set<TaskState>;
  /** By demand class: how many ready tasks have left the queue. */
  readonly left: Map<DemandClass, number>;
}

export const roomIn = ({ state, events }: Settlement): number => state.limits.settleEventsMax - events.length;

export function leaves({ left }: Settlement, demand: DemandClass): void {
  left.set(demand, (left.get(demand) ?? 0) + 1);
}
