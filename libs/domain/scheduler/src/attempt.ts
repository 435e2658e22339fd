import {
  type CompleteTask,
  type FailTask,
  type ReportProgress,
  RESULT_BYTES_MAX,
  type StartTask,
  type TaskCompleted,
} from '@torch/contracts';
import { jsonBytes, type NewEvent, Rejection } from '@torch/kernel';
import { attemptFailed } from './attempt-failure';
import { missingEvidence } from './evidence/missing-evidence';
import { type HeldAttempt, isNewReport, isOfLiveAttempt, unknownTask } from './fencing';
import { derivedText, taskEvent } from './scheduler.facts';
import type { SchedulerState, TaskState } from './scheduler.state';
import { topics } from './topics';

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
  const task = liveTask(state, data);
  const { assignment: _checked, ...progress } = data;
  const { usage } = progress;
  const follows = usage ? topics().flatMap((topic) => topic.usageReported?.(state, task, usage, nowMs) ?? []) : [];
  return [taskEvent('task.progressed', { ...progress, reportedAtMs: nowMs }), ...follows];
}

/**
 * Also right after the assignment: a quick agent need not say that it starts. A result that lacks evidence fails the attempt.
 *
 * @throws Rejection `result-too-large` when it has to go by reference.
 */
export function completeTask(state: SchedulerState, data: CompleteTask, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(data.taskId);
  if (!task || !isOfLiveAttempt(task, data)) return ignored(state, data, 'completed', nowMs);
  refuseLargeResult(data);
  for (const topic of topics()) {
    const instead = topic.resultBrought?.(state, task, data, nowMs) ?? [];
    if (instead.length > 0) return instead;
  }
  const missing = missingEvidence(task.spec.evidence, data);
  if (missing.length > 0) return notAccepted(state, task, data, missing, nowMs);
  return [taskEvent('task.completed', completed(data, nowMs))];
}

/** Field by field, and not by a spread: this is every task's, and objects of one form are many times faster. */
function completed(data: CompleteTask, completedAtMs: number): TaskCompleted {
  const { taskId, attempt, agentId, exitCode, durationMs, outputTail, usage, result, resultRef, evidence } = data;
  return { taskId, attempt, agentId, exitCode, durationMs, outputTail, usage, result, resultRef, evidence, completedAtMs };
}

function notAccepted(state: SchedulerState, task: TaskState, data: CompleteTask, missing: readonly string[], nowMs: number) {
  const { exitCode, durationMs, outputTail, usage } = data;
  const message = derivedText(`The result is not accepted, for want of evidence. ${missing.join(' ')}`);
  const failure = { reason: 'evidence-missing' as const, message, durationMs };
  const kept = { ...(exitCode === undefined ? {} : { exitCode }), ...(outputTail === undefined ? {} : { outputTail }) };
  return attemptFailed(state, task, { ...failure, ...kept, ...(usage ? { usage } : {}) }, nowMs);
}

function refuseLargeResult({ taskId, result }: CompleteTask): void {
  const bytes = result === undefined ? 0 : jsonBytes(result);
  if (bytes <= RESULT_BYTES_MAX) return;
  throw new Rejection(
    'result-too-large',
    `The result of task ${taskId} takes ${bytes} bytes as JSON, of ${RESULT_BYTES_MAX} at most: keep it elsewhere, and give "resultRef".`,
  );
}

/** @throws Rejection `retry-time-missing` for a rate limit that does not say when it ends. */
export function failTask(state: SchedulerState, data: FailTask, nowMs: number): readonly NewEvent[] {
  const task = state.tasks.get(data.taskId);
  if (!task || !isOfLiveAttempt(task, data)) return ignored(state, data, 'failed', nowMs);
  if (data.class === 'rate-limited' && data.retryAtMs === undefined) {
    throw new Rejection(
      'retry-time-missing',
      `Attempt ${data.attempt} of task ${data.taskId} is rate-limited: "retryAtMs" must say until when.`,
    );
  }
  const { assignment: _checked, reason, ...failure } = data;
  const isOfClass = failure.class === 'rate-limited' || failure.class === 'budget';
  return attemptFailed(state, task, { ...failure, reason: isOfClass ? (failure.class as 'rate-limited' | 'budget') : reason }, nowMs);
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
