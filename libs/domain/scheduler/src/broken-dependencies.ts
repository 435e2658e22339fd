import { MinHeap, type NewEvent } from '@torch/kernel';
import { breaks, brokenDependency, edgesOf } from './dependencies';
import { derivedText, taskEvent } from './scheduler.facts';
import type { TaskEnd, TaskState } from './scheduler.state';
import { roomIn, says, type Settlement } from './settlement';

/** Dependencies and dependants that one answer looks at. */
const LOOKED_AT_MAX = 20_000;

/**
 * Ends the tasks that cannot start any more, as their policy says; they may be the dependencies of others, which then cannot either.
 * The first of all that are known to is always next. What follows from a task with very many dependants is known once its end is evolved.
 */
export function settleDependants(settlement: Settlement): void {
  const { state, nowMs } = settlement;
  const ended = new Map<TaskState, TaskEnd>();
  let lookedAt = 0;
  for (const task of inOrder(state.doomed, ended)) {
    const dependency = brokenDependency(state, task, ended);
    if (!dependency) continue;
    const { dependants } = task;
    lookedAt += edgesOf(task.spec).length + (dependants?.size ?? 0);
    const status = task.spec.onDependencyFailure === 'fail' ? 'failed' : 'skipped';
    const endedAs = ended.get(dependency) ?? dependency.status;
    says(settlement, task, endedBy(task, status, `Its dependency ${dependency.spec.taskId} is ${endedAs}.`, nowMs));
    if (roomIn(settlement) <= 0 || lookedAt > LOOKED_AT_MAX) return;
    ended.set(task, status);
  }
}

/** Those of `doomed`, and those that become so while they are gone through, by the place of their submission. */
function* inOrder(doomed: Iterable<TaskState>, ended: ReadonlyMap<TaskState, TaskEnd>): Iterable<TaskState> {
  const known = doomed[Symbol.iterator]();
  const further = new MinHeap<TaskState>((a, b) => a.seq < b.seq);
  let next = known.next();
  let last: TaskState | undefined;
  for (;;) {
    const found = further.peek();
    const isFurther = found !== undefined && (next.done === true || found.seq < (next.value as TaskState).seq);
    if (!isFurther && next.done === true) return;
    const task = isFurther ? (further.pop() as TaskState) : (next.value as TaskState);
    if (!isFurther) next = known.next();
    if (task === last || ended.has(task)) continue; // It has several dependencies that have ended.
    last = task;
    yield task;
    const endedAs = ended.get(task);
    if (endedAs === undefined) continue;
    for (const dependant of task.dependants ?? [])
      if (dependant.status === 'blocked' && !ended.has(dependant) && breaks(dependant, task, endedAs)) further.push(dependant);
  }
}

function endedBy({ spec: { taskId }, attempt }: TaskState, status: 'failed' | 'skipped', reason: string, nowMs: number): NewEvent {
  const derived = derivedText(reason);
  return status === 'failed'
    ? taskEvent('task.failed', { taskId, attempts: attempt, reason: derived, failedAtMs: nowMs })
    : taskEvent('task.skipped', { taskId, reason: derived, skippedAtMs: nowMs });
}
