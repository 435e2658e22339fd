import type { CancelRun, CancelTask, ChangePriority, RetryTask } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { taskOf } from './attempt';
import { brokenDependency, isDoomed } from './dependencies';
import { cascadedReason, runEvent, taskEvent } from './scheduler.facts';
import { hasEnded, isLive, type SchedulerState, type TaskState } from './scheduler.state';

/** A task that is cancelled already stays so. */
export function cancelTask(state: SchedulerState, { taskId, reason, subtree = false }: CancelTask, nowMs: number): readonly NewEvent[] {
  const root = taskOf(state, taskId);
  const open = (subtree ? withDependants(root) : [root]).filter((task) => !hasEnded(task));
  if (open.length > state.limits.subtreeMax) {
    throw new Rejection(
      'subtree-too-large',
      `${open.length} open tasks depend on task ${taskId}, of ${state.limits.subtreeMax} that one request may cancel: cancel the run, or parts of it.`,
    );
  }
  if (open.length === 0 && root.status !== 'cancelled') throw taskEnded(root);
  const cascaded = cascadedReason(reason);
  return open.map((task) => taskCancelled(task, task === root ? reason : cascaded, nowMs));
}

/** The task and everything that depends on it, directly or not; breadth first, without recursion. */
function withDependants(root: TaskState): readonly TaskState[] {
  const found = new Set([root]);
  for (const task of found) for (const dependant of task.dependants ?? []) found.add(dependant);
  return [...found];
}

/** Only asks: `settle` cancels the tasks, as many at a time as fit into a commit. Asked again, it changes nothing. */
export function cancelRun(state: SchedulerState, { runId, reason }: CancelRun, nowMs: number): readonly NewEvent[] {
  const run = state.runs.get(runId);
  if (!run) throw new Rejection('unknown-run', `There is no run ${runId}.`);
  if (run.status === 'cancelled' || run.cancelReason !== undefined) return [];
  if (run.status !== 'running' || run.open === 0)
    throw new Rejection('run-ended', `Run ${runId} has ended already: none of its tasks is open.`);
  return [runEvent('run.cancel-requested', { runId, reason, requestedAtMs: nowMs })];
}

/**
 * Dependants that were skipped or cancelled because of the task stay so until they are retried themselves. A task whose
 * dependencies have yet to end waits for them again.
 */
export function retryTask(state: SchedulerState, { taskId }: RetryTask, nowMs: number): readonly NewEvent[] {
  const task = taskOf(state, taskId);
  if (task.status === 'completed') throw new Rejection('task-completed', `Task ${taskId} has completed: there is nothing to retry.`);
  if (!hasEnded(task)) {
    if (isAsked(task)) return [];
    throw new Rejection('task-not-ended', `Task ${taskId} has not ended: it is ${task.status}.`);
  }
  if (isDoomed(task)) {
    const dependency = brokenDependency(state, task);
    throw new Rejection(
      'dependency-not-completed',
      `Task ${taskId} depends on ${dependency?.spec.taskId}, which is ${dependency?.status}: retry that first.`,
    );
  }
  return [retryAsked(task, nowMs)];
}

/** It was retried, and no attempt has begun since. */
const isAsked = (task: TaskState): boolean => task.attempt > 0 && task.attempt === task.attemptsBefore && !isLive(task);

export function retryAsked({ spec: { taskId } }: TaskState, nowMs: number): NewEvent {
  return taskEvent('task.requeued', { taskId, reason: 'retry-asked', requeuedAtMs: nowMs });
}

export function taskCancelled(task: TaskState, reason: string, nowMs: number): NewEvent {
  const { taskId } = task.spec;
  if (!isLive(task)) return taskEvent('task.cancelled', { taskId, reason, cancelledAtMs: nowMs });
  return taskEvent('task.cancelled', { taskId, reason, attempt: task.attempt, agentId: task.agentId, cancelledAtMs: nowMs });
}

/** Of a task that is running, it counts from the next attempt on. */
export function changePriority(state: SchedulerState, { taskId, priority }: ChangePriority, nowMs: number): readonly NewEvent[] {
  const task = taskOf(state, taskId);
  if (task.priority === priority) return [];
  if (hasEnded(task)) throw taskEnded(task);
  return [taskEvent('task.priority-changed', { taskId, priority, changedAtMs: nowMs })];
}

const taskEnded = ({ spec: { taskId }, status }: TaskState): Rejection =>
  new Rejection('task-ended', `Task ${taskId} has ended already: it is ${status}.`);
