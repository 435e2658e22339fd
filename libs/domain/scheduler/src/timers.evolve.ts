import type { SchedulerState, TaskState } from './scheduler.state';

/** The end of a lease or back-off; takes the place of the one before. */
export function setTimer(state: SchedulerState, task: TaskState, dueAtMs: number): void {
  task.dueAtMs = dueAtMs;
  if (task.heapIndex >= 0) state.timers.updateAt(task.heapIndex);
  else state.timers.push(task);
}

export function clearTimer(state: SchedulerState, task: TaskState): void {
  if (task.heapIndex >= 0) state.timers.removeAt(task.heapIndex);
  task.dueAtMs = Infinity;
}
