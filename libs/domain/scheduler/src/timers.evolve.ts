import type { Heap } from '@torch/kernel';
import { isLive, type SchedulerState, type TaskState } from './scheduler.state';

/** The end of a lease or back-off, as the task's status has it; takes the place of the one before. */
export function setTimer(state: SchedulerState, task: TaskState, dueAtMs: number): void {
  task.dueAtMs = dueAtMs;
  if (task.heapIndex >= 0) timersOf(state, task).updateAt(task.heapIndex);
  else timersOf(state, task).push(task);
}

/** Before the status changes, by which it is known what the timer is of. */
export function clearTimer(state: SchedulerState, task: TaskState): void {
  if (task.heapIndex >= 0) timersOf(state, task).removeAt(task.heapIndex);
  task.dueAtMs = Infinity;
}

/** The end of a live attempt's lease ends somebody's work, and waits for whoever was not heard; that of a back-off does not. */
const timersOf = ({ leases, backoffs }: SchedulerState, task: TaskState): Heap<TaskState> => (isLive(task) ? leases : backoffs);
