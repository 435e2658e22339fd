import type { CompleteTask, FailTask, ReportProgress, StartTask } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { attemptFailed } from './attempt-failure';
import { type HeldAttempt, isNewReport, isOfLiveAttempt, unknownTask } from './fencing';
import { taskEvent } from './scheduler.facts';
import type { SchedulerState, TaskState } from './scheduler.state';

type Outcome = 'completed' | 'failed';
type Result = HeldAttempt & { readonly exitCode?: number };

/** Repeated by the agent that has started already, it changes nothing. */
export function startTask(state: SchedulerState, data: StartTask, nowMs: number): readonly NewEvent[] {
  const { taskId, attempt, agentId } = data;
  const task = liveTask(state, data);
  if (task.status === 'running') return [];
  const leaseUntilMs = nowMs + task.spec.timeoutMs + state.limits.resultGraceMs;
  return [taskEvent('task.started', { taskId, attempt, agentId, leaseUntilMs, startedAtMs: nowMs })];
}

export function reportProgress(state: SchedulerState, data: ReportProgress, nowMs: number): readonly NewEvent[] {
  liveTask(state, data);
  const { assignment: _checked, ...progress } = data;
  return [taskEvent('task.progressed', { ...progress, reportedAtMs: nowMs })];
}

/** Also right after the assignment: a quick agent need not say that it starts. */
export function completeTask(state: SchedulerState, data: CompleteTask, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(data.taskId);
  if (!task || !isOfLiveAttempt(task, data)) return ignored(state, data, 'completed', nowMs);
  const { assignment: _checked, ...result } = data;
  return [taskEvent('task.completed', { ...result, completedAtMs: nowMs })];
}

export function failTask(state: SchedulerState, data: FailTask, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(data.taskId);
  if (!task || !isOfLiveAttempt(task, data)) return ignored(state, data, 'failed', nowMs);
  const { class: failureClass, assignment: _checked, ...failure } = data;
  return attemptFailed(state, task, { ...failure, permanent: failureClass === 'permanent' }, nowMs);
}

/** @throws Rejection when the project has no such task: never submitted, or forgotten after its run had ended. */
export function taskOf(state: SchedulerState, taskId: string): TaskState {
  const task = state.tasks.get(taskId);
  if (!task) throw new Rejection('unknown-task', `There is no task ${taskId}.`);
  return task;
}

function liveTask(state: SchedulerState, of: HeldAttempt): TaskState {
  const task = taskOf(state, of.taskId);
  if (!isOfLiveAttempt(task, of)) throw new Rejection('stale-attempt', staleReason(task, of));
  return task;
}

/** What came of an attempt is in the log even when nothing else of it is: a lost tail may have held the whole task. */
function ignored(state: SchedulerState, result: Result, outcome: Outcome, nowMs: number): readonly NewEvent[] {
  const { taskId, attempt, assignment, agentId, exitCode } = result;
  const task = state.tasks.get(taskId);
  if (!task && !isNewReport(state, result, outcome, nowMs)) return [];
  const reason = task ? staleReason(task, result) : unknownTask(taskId);
  const data = { taskId, attempt, assignment, agentId, outcome, reason, ignoredAtMs: nowMs };
  return [taskEvent('task.result-ignored', exitCode === undefined ? data : { ...data, exitCode })];
}

function staleReason(task: TaskState, of: HeldAttempt): string {
  const { status, attempt, agentId } = task;
  const now = attempt === 0 ? `${status} and never assigned` : `${status} at attempt ${attempt} of agent ${agentId}`;
  const sameNumber = attempt === of.attempt && agentId === of.agentId && task.assignments.at(-1) !== of.assignment;
  const other = sameNumber ? `, by assignment ${task.assignments.at(-1)} and not ${of.assignment}` : '';
  return `Attempt ${of.attempt} of agent ${of.agentId} is not the live one: task ${of.taskId} is ${now}${other}.`;
}
