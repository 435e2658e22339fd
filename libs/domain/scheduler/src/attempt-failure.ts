import type { AttemptFailure, FailureClass, TaskAttemptFailed } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { backoffMs } from './backoff';
import { derivedText, taskEvent } from './scheduler.facts';
import type { SchedulerState, TaskState } from './scheduler.state';

/** Failures that say nothing about the work: the next attempt need not wait. */
const WITHOUT_BACKOFF: ReadonlySet<AttemptFailure> = new Set<AttemptFailure>(['lease-expired', 'agent-lost', 'agent-gone']);

export interface Failure extends Pick<TaskAttemptFailed, 'reason' | 'message' | 'exitCode' | 'durationMs' | 'outputTail' | 'usage'> {
  /** Default `retryable`. */
  readonly class?: FailureClass;
  /** With `rate-limited`: when to try again, epoch ms. */
  readonly retryAtMs?: number;
}

/**
 * Ends the live attempt, and says what becomes of the task: the next attempt, or none. A failure of class `budget` or for the
 * reason `deadline` leaves nothing to try again with. Rate-limited and stopped attempts are not spent.
 */
export function attemptFailed(
  state: SchedulerState,
  task: TaskState,
  { class: failureClass = 'retryable', retryAtMs, ...failure }: Failure,
  nowMs: number,
): readonly NewEvent[] {
  const { attempt, agentId, spec } = task;
  const { taskId } = spec;
  const failed = taskEvent('task.attempt-failed', { ...failure, taskId, attempt, agentId: agentId as string, failedAtMs: nowMs });
  const retryAt = (atMs: number): NewEvent => taskEvent('task.retry-scheduled', { taskId, attempt, retryAtMs: atMs });
  if (failureClass === 'permanent' || failureClass === 'budget') {
    if (failureClass === 'budget') return [failed, failedForBudget(task, failure.message, nowMs)];
    return [failed, taskEvent('task.failed', { taskId, attempts: attempt, reason: failure.message, failedAtMs: nowMs })];
  }
  if (failure.reason === 'deadline') return [failed, deadLettered(task, `deadline: ${failure.message}`, nowMs)];
  if (failure.reason === 'stopped') return [failed, ...afterStop(task, nowMs)];
  const waitUntilMs = failureClass === 'rate-limited' ? waitFor(state, retryAtMs ?? nowMs, nowMs) : undefined;
  if (waitUntilMs !== undefined && task.rateLimits < state.limits.rateLimitsMax) return [failed, retryAt(waitUntilMs)];

  const failures = attempt - task.attemptsBefore;
  if (failures > spec.retries) return [failed, deadLettered(task, `attempts-exhausted: ${failure.message}`, nowMs)];
  if (waitUntilMs !== undefined) return [failed, retryAt(waitUntilMs)];
  if (WITHOUT_BACKOFF.has(failure.reason)) {
    return [failed, retryAt(nowMs), taskEvent('task.requeued', { taskId, reason: 'backoff-over', requeuedAtMs: nowMs })];
  }
  return [failed, retryAt(nowMs + backoffMs({ taskId, attempt, failures }, state.limits))];
}

/** Nothing of the attempt counts, and its task is ready again once work goes on. */
export function afterStop({ spec: { taskId }, attempt, status, dueAtMs }: TaskState, nowMs: number): readonly NewEvent[] {
  const requeued = taskEvent('task.requeued', { taskId, reason: 'stopped', requeuedAtMs: nowMs });
  const isScheduled = status === 'backing-off' && dueAtMs < Infinity;
  return isScheduled ? [requeued] : [taskEvent('task.retry-scheduled', { taskId, attempt, retryAtMs: nowMs }), requeued];
}

export function failedForBudget({ spec: { taskId }, attempt }: TaskState, message: string, nowMs: number): NewEvent {
  return taskEvent('task.failed', { taskId, attempts: attempt, reason: derivedText(`budget: ${message}`), failedAtMs: nowMs });
}

export function deadLettered({ spec: { taskId }, attempt }: TaskState, reason: string, nowMs: number): NewEvent {
  return taskEvent('task.dead-lettered', { taskId, attempts: attempt, reason: derivedText(reason), deadLetteredAtMs: nowMs });
}

const waitFor = ({ limits }: SchedulerState, wantedMs: number, nowMs: number): number =>
  Math.min(Math.max(wantedMs, nowMs), nowMs + limits.rateLimitWaitMaxMs);
