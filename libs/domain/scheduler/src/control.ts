import type { CancelRun, CancelTask, RetryTask } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { taskOf } from './attempt';
import { runEvent, taskEvent } from './scheduler.facts';
import { hasEnded, isLive, type SchedulerState, type TaskState } from './scheduler.state';

export function cancelTask(state: SchedulerState, { taskId, reason }: CancelTask, nowMs: number): readonly NewEvent[] {
  const task = taskOf(state, taskId);
  if (hasEnded(task)) throw new Rejection('task-ended', `Task ${taskId} has ended already: it is ${task.status}.`);
  return [taskCancelled(task, reason, nowMs)];
}

/** Only asks: `settle` cancels the tasks, as many at a time as fit into a commit. Asked again meanwhile, it changes nothing. */
export function cancelRun(state: SchedulerState, { runId, reason }: CancelRun, nowMs: number): readonly NewEvent[] {
  const run = state.runs.get(runId);
  if (!run) throw new Rejection('unknown-run', `There is no run ${runId}.`);
  if (run.status !== 'running' || run.open === 0)
    throw new Rejection('run-ended', `Run ${runId} has ended already: none of its tasks is open.`);
  if (run.cancelReason !== undefined) return [];
  return [runEvent('run.cancel-requested', { runId, reason, requestedAtMs: nowMs })];
}

/** Dependants that were cancelled because of the task stay so until they are retried themselves. */
export function retryTask(state: SchedulerState, { taskId }: RetryTask, nowMs: number): readonly NewEvent[] {
  const task = taskOf(state, taskId);
  if (task.status === 'completed') throw new Rejection('task-completed', `Task ${taskId} has completed: there is nothing to retry.`);
  if (!hasEnded(task)) throw new Rejection('task-not-ended', `Task ${taskId} has not ended: it is ${task.status}.`);
  if (task.waitingFor > 0) {
    const dependency = task.spec.dependsOn.find((id) => state.tasks.get(id)?.status !== 'completed');
    throw new Rejection('dependency-not-completed', `Task ${taskId} depends on ${dependency}, which has not completed.`);
  }
  return [taskEvent('task.requeued', { taskId, reason: 'retry-asked', requeuedAtMs: nowMs })];
}

export function taskCancelled(task: TaskState, reason: string, nowMs: number): NewEvent {
  const { taskId } = task.spec;
  if (!isLive(task)) return taskEvent('task.cancelled', { taskId, reason, cancelledAtMs: nowMs });
  return taskEvent('task.cancelled', { taskId, reason, attempt: task.attempt, agentId: task.agentId, cancelledAtMs: nowMs });
}
