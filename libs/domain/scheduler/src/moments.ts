import { Heap, noteIndex } from './heap';
import type { SchedulerState, TaskMoments, TaskState } from './scheduler.state';

export const momentsHeap = (): Heap<TaskMoments> =>
  new Heap<TaskMoments>((a, b) => a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.task.seq < b.task.seq), noteIndex);

export type MomentField = 'deadlineMs' | 'notBeforeMs' | 'queueUntilMs' | 'progressUntilMs';

/** `Infinity` takes the moment away. Costs memory only for tasks that ever have one. */
export function setMoment(state: SchedulerState, task: TaskState, field: MomentField, atMs: number): void {
  if (!task.moments && atMs === Infinity) return;
  const moments = (task.moments ??= noMoments(task));
  moments[field] = atMs;
  refresh(state, moments);
}

/** The task has ended: nothing becomes of it by itself any more. */
export function clearMoments(state: SchedulerState, task: TaskState): void {
  if (!task.moments) return;
  if (task.moments.heapIndex >= 0) state.moments.removeAt(task.moments.heapIndex);
  task.moments = undefined;
}

export function restoreMoments(state: SchedulerState, task: TaskState, kept: Partial<Record<MomentField, number>>): void {
  task.moments = Object.assign(noMoments(task), kept);
  refresh(state, task.moments);
}

export const momentOf = ({ moments }: TaskState, field: MomentField): number => moments?.[field] ?? Infinity;

function noMoments(task: TaskState): TaskMoments {
  return {
    task,
    deadlineMs: Infinity,
    notBeforeMs: Infinity,
    queueUntilMs: Infinity,
    progressUntilMs: Infinity,
    dueAtMs: Infinity,
    heapIndex: -1,
  };
}

function refresh(state: SchedulerState, moments: TaskMoments): void {
  const { deadlineMs, notBeforeMs, queueUntilMs, progressUntilMs } = moments;
  moments.dueAtMs = Math.min(deadlineMs, notBeforeMs, queueUntilMs, progressUntilMs);
  if (moments.dueAtMs === Infinity) {
    if (moments.heapIndex >= 0) state.moments.removeAt(moments.heapIndex);
  } else if (moments.heapIndex >= 0) state.moments.updateAt(moments.heapIndex);
  else state.moments.push(moments);
}
