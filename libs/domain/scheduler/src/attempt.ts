import type { CompleteTask, FailTask, ReportProgress, StartTask } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { attemptFailed } from './attempt-failure';
import { taskEvent } from './scheduler.facts';
import { isLive, type SchedulerState, type TaskState } from './scheduler.state';

interface OfAttempt {
  readonly taskId: string;
  readonly attempt: number;
  readonly agentId: string;
}

/** Repeated by the agent that has started already, it changes nothing. */
export function startTask(state: SchedulerState, { taskId, attempt, agentId }: StartTask, nowMs: number): readonly NewEvent[] {
  const task = liveTask(state, { taskId, attempt, agentId });
  if (task.status === 'running') return [];
  const leaseUntilMs = nowMs + task.spec.timeoutMs + state.limits.resultGraceMs;
  return [taskEvent('task.started', { taskId, attempt, agentId, leaseUntilMs, startedAtMs: nowMs })];
}

export function reportProgress(state: SchedulerState, data: ReportProgress, nowMs: number): readonly NewEvent[] {
  liveTask(state, data);
  return [taskEvent('task.progressed', { ...data, reportedAtMs: nowMs })];
}

/** Also right after the assignment: a quick agent need not say that it starts. */
export function completeTask(state: SchedulerState, data: CompleteTask, nowMs: number): readonly NewEvent[] {
  const task = taskOf(state, data.taskId);
  if (!isOfLiveAttempt(task, data)) return [resultIgnored(task, data, 'completed', nowMs)];
  return [taskEvent('task.completed', { ...data, completedAtMs: nowMs })];
}

export function failTask(state: SchedulerState, { class: failureClass, ...failure }: FailTask, nowMs: number): readonly NewEvent[] {
  const task = taskOf(state, failure.taskId);
  if (!isOfLiveAttempt(task, failure)) return [resultIgnored(task, failure, 'failed', nowMs)];
  return attemptFailed(state, task, { ...failure, permanent: failureClass === 'permanent' }, nowMs);
}

/** @throws Rejection when the project has no such task: never submitted, or forgotten after its run had ended. */
export function taskOf(state: SchedulerState, taskId: string): TaskState {
  const task = state.tasks.get(taskId);
  if (!task) throw new Rejection('unknown-task', `There is no task ${taskId}.`);
  return task;
}

function isOfLiveAttempt(task: TaskState, { attempt, agentId }: OfAttempt): boolean {
  return isLive(task) && task.attempt === attempt && task.agentId === agentId;
}

function liveTask(state: SchedulerState, of: OfAttempt): TaskState {
  const task = taskOf(state, of.taskId);
  if (!isOfLiveAttempt(task, of)) throw new Rejection('stale-attempt', staleReason(task, of));
  return task;
}

function resultIgnored(task: TaskState, of: OfAttempt & { exitCode?: number }, outcome: 'completed' | 'failed', nowMs: number): NewEvent {
  const { taskId, attempt, agentId, exitCode } = of;
  const result = { taskId, attempt, agentId, outcome, reason: staleReason(task, of), ignoredAtMs: nowMs };
  return taskEvent('task.result-ignored', exitCode === undefined ? result : { ...result, exitCode });
}

function staleReason({ status, attempt, agentId }: TaskState, of: OfAttempt): string {
  const now = attempt === 0 ? `${status} and never assigned` : `${status} at attempt ${attempt} of agent ${agentId}`;
  return `Attempt ${of.attempt} of agent ${of.agentId} is not the live one: task ${of.taskId} is ${now}.`;
}
