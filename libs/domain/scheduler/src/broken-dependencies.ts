import type { NewEvent } from '@torch/kernel';
import { brokenDependency, breaks } from './dependencies';
import { taskEvent } from './scheduler.facts';
import { bySeq, type TaskEnd, type TaskState } from './scheduler.state';
import { ends, type Settlement } from './settlement';

interface Broken {
  readonly task: TaskState;
  readonly dependency: TaskState;
  readonly endedAs: TaskEnd;
}

/**
 * Ends the tasks that cannot start any more, as their policy says; they may be the dependencies of others. Breadth first and without
 * recursion: chains of dependants may be as long as a run.
 */
export function settleDependants(settlement: Settlement): void {
  const { state, ended, nowMs } = settlement;
  const queue: Broken[] = [];
  for (const task of [...state.doomed].sort(bySeq)) {
    const dependency = brokenDependency(state, task);
    if (dependency) queue.push({ task, dependency, endedAs: dependency.status as TaskEnd });
  }
  for (const { task, dependency, endedAs } of queue) {
    if (ended.has(task)) continue;
    const status = task.spec.onDependencyFailure === 'fail' ? 'failed' : 'skipped';
    const reason = `Its dependency ${dependency.spec.taskId} is ${endedAs}.`;
    if (!ends(settlement, task, status, endedBy(task, status, reason, nowMs))) return;
    for (const dependant of task.dependants ?? []) {
      if (dependant.status === 'blocked' && breaks(dependant, task, status))
        queue.push({ task: dependant, dependency: task, endedAs: status });
    }
  }
}

function endedBy({ spec: { taskId }, attempt }: TaskState, status: 'failed' | 'skipped', reason: string, nowMs: number): NewEvent {
  return status === 'failed'
    ? taskEvent('task.failed', { taskId, attempts: attempt, reason, failedAtMs: nowMs })
    : taskEvent('task.skipped', { taskId, reason, skippedAtMs: nowMs });
}
