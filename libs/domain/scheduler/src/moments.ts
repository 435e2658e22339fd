import { Heap, noteIndex } from '@torch/kernel';
import type { SchedulerState, TaskMoments, TaskState } from './scheduler.state';

/** Deadlines, and times that tasks are not to start before. */
export const momentsHeap = (): Heap<TaskMoments> =>
  new Heap<TaskMoments>((a, b) => a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.task.seq < b.task.seq), noteIndex);

/** Times by which the agents of live attempts have to report progress: apart, because they end other people's work. */
export const progressHeap = (): Heap<TaskMoments> =>
  new Heap<TaskMoments>(
    (a, b) => a.progressUntilMs < b.progressUntilMs || (a.progressUntilMs === b.progressUntilMs && a.task.seq < b.task.seq),
    (moments, index) => {
      moments.progressIndex = index;
    },
  );

export type MomentField = 'deadlineMs' | 'notBeforeMs' | 'queueUntilMs' | 'progressUntilMs';
type SetField = Exclude<MomentField, 'queueUntilMs'>;

/** `Infinity` takes the moment away. Costs memory only for tasks that ever have one. */
export function setMoment(state: SchedulerState, task: TaskState, field: SetField, atMs: number): void {
  if (!task.moments && atMs === Infinity) return;
  const moments = (task.moments ??= noMoments(task));
  moments[field] = atMs;
  refresh(state, moments);
}

/** The task waits for an agent from `atMs` on. */
export function queueTimeoutBegins(state: SchedulerState, task: TaskState, atMs: number): void {
  const { queueTimeoutMs } = task.spec;
  if (queueTimeoutMs !== undefined) state.queueing.begins((task.moments ??= noMoments(task)), atMs + queueTimeoutMs);
}

export function queueTimeoutEnds(state: SchedulerState, { moments }: TaskState): void {
  if (moments) state.queueing.ends(moments);
}

/** The task has ended: nothing becomes of it by itself any more. */
export function clearMoments(state: SchedulerState, task: TaskState): void {
  const { moments } = task;
  if (!moments) return;
  if (moments.heapIndex >= 0) state.moments.removeAt(moments.heapIndex);
  if (moments.progressIndex >= 0) state.progress.removeAt(moments.progressIndex);
  state.queueing.ends(moments);
  task.moments = undefined;
}

export function restoreMoments(
  state: SchedulerState,
  task: TaskState,
  { queueUntilMs, ...kept }: Partial<Record<MomentField, number>>,
): void {
  task.moments = Object.assign(noMoments(task), kept);
  if (queueUntilMs !== undefined) state.queueing.begins(task.moments, queueUntilMs);
  refresh(state, task.moments);
}

/** Epoch ms; `Infinity` for never. */
export function momentOf({ queueing }: Pick<SchedulerState, 'queueing'>, { moments }: TaskState, field: MomentField): number {
  if (!moments) return Infinity;
  return field === 'queueUntilMs' ? queueing.untilMs(moments) : moments[field];
}

function noMoments(task: TaskState): TaskMoments {
  return {
    task,
    deadlineMs: Infinity,
    notBeforeMs: Infinity,
    queueUntilMs: Infinity,
    queueEpoch: 0,
    progressUntilMs: Infinity,
    dueAtMs: Infinity,
    heapIndex: -1,
    progressIndex: -1,
    queueIndex: -1,
  };
}

function refresh(state: SchedulerState, moments: TaskMoments): void {
  moments.dueAtMs = Math.min(moments.deadlineMs, moments.notBeforeMs);
  place(state.moments, moments, { atMs: moments.dueAtMs, index: moments.heapIndex });
  place(state.progress, moments, { atMs: moments.progressUntilMs, index: moments.progressIndex });
}

function place(heap: Heap<TaskMoments>, moments: TaskMoments, { atMs, index }: { atMs: number; index: number }): void {
  if (atMs === Infinity) {
    if (index >= 0) heap.removeAt(index);
  } else if (index >= 0) heap.updateAt(index);
  else heap.push(moments);
}
