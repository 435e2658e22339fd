import type { AttemptFailure, TaskAttemptFailed } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { backoffMs } from './backoff';
import { cut, taskEvent } from './scheduler.facts';
import type { SchedulerState, TaskState } from './scheduler.state';

const REASON_CHARS_MAX = 2000;

/** Failures that say nothing about the work: the next attempt need not wait. */
const WITHOUT_BACKOFF: ReadonlySet<AttemptFailure> = new Set<AttemptFailure>(['lease-expired', 'agent-lost', 'agent-gone']);

export interface Failure extends Pick<TaskAttemptFailed, 'reason' | 'message' | 'exitCode' | 'durationMs' | 'outputTail' | 'usage'> {
  /** No retry can mend it. */
  readonly permanent?: boolean;
}

/** Ends the live attempt, and says what becomes of the task: the next attempt, or none. */
export function attemptFailed(
  state: SchedulerState,
  task: TaskState,
  { permanent = false, ...failure }: Failure,
  nowMs: number,
): readonly NewEvent[] {
  const {
    attempt,
    spec: { taskId, retries },
  } = task;
  const failed = taskEvent('task.attempt-failed', { ...failure, taskId, attempt, agentId: task.agentId as string, failedAtMs: nowMs });
  if (permanent) return [failed, taskEvent('task.failed', { taskId, attempts: attempt, reason: failure.message, failedAtMs: nowMs })];

  const failures = attempt - task.attemptsBefore;
  if (failures > retries) {
    const reason = cut(`attempts-exhausted: ${failure.message}`, REASON_CHARS_MAX);
    return [failed, taskEvent('task.dead-lettered', { taskId, attempts: attempt, reason, deadLetteredAtMs: nowMs })];
  }
  if (WITHOUT_BACKOFF.has(failure.reason)) {
    return [
      failed,
      taskEvent('task.retry-scheduled', { taskId, attempt, retryAtMs: nowMs }),
      taskEvent('task.requeued', { taskId, reason: 'backoff-over', requeuedAtMs: nowMs }),
    ];
  }
  return [
    failed,
    taskEvent('task.retry-scheduled', { taskId, attempt, retryAtMs: nowMs + backoffMs({ taskId, attempt, failures }, state.limits) }),
  ];
}
