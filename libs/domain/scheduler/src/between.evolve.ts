import type { Between } from './between';
import type { SchedulerState, TaskState } from './scheduler.state';

/** Undefined: nothing is left to say of the task. */
export function setBetween(state: SchedulerState, task: TaskState, between: Between | undefined): void {
  if (between === task.between) return;
  task.between = between;
  if (between) state.between.add(task);
  else state.between.delete(task);
}
