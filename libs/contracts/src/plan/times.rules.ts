import { durationMs } from '../duration';
import { momentMs } from '../moment';
import { APPROVAL_TIMEOUT_MS_MAX, APPROVAL_TIMEOUT_MS_MIN } from '../scheduler/task-options';
import { DEADLINE_MS_MAX, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN } from '../scheduler/task-spec';
import type { PlanProblem } from './plan.rules';
import type { PlanTask } from './plan.task';

/** Of one attempt: as the task says, else the default, which is never more than the deadline. */
export function timeoutMsOf({ timeout, deadline }: Pick<PlanTask, 'timeout' | 'deadline'>): number {
  return msOf(timeout) ?? Math.min(TIMEOUT_MS_DEFAULT, msOf(deadline) ?? TIMEOUT_MS_DEFAULT);
}

/** Epoch ms before which a task is not to start; undefined for a text that is neither a moment nor a duration. */
export function notBeforeMsOf(notBefore: string, nowMs: number): number | undefined {
  const delayMs = durationMs(notBefore);
  return delayMs === undefined ? momentMs(notBefore) : nowMs + delayMs;
}

/** Absent of what is absent. */
export const msOf = (duration: string | undefined): number | undefined => (duration === undefined ? undefined : durationMs(duration));

export function timeProblems(task: PlanTask): PlanProblem[] {
  return [...outOfRange(task), ...unclearNotBefore(task), ...contradictions(task), ...unclearApproval(task)];
}

function outOfRange(task: PlanTask): PlanProblem[] {
  const { timeout, queueTimeout, deadline, progressTimeout, approval } = task;
  return [
    ...between('/timeout', 'A timeout', timeout, TIMEOUT_MS_MIN, TIMEOUT_MS_MAX),
    ...between('/queueTimeout', 'A queue timeout', queueTimeout, TIMEOUT_MS_MIN, DEADLINE_MS_MAX),
    ...between('/deadline', 'A deadline', deadline, TIMEOUT_MS_MIN, DEADLINE_MS_MAX),
    ...between('/progressTimeout', 'A progress timeout', progressTimeout, TIMEOUT_MS_MIN, TIMEOUT_MS_MAX),
    ...between('/approval/timeout', "An approval's timeout", approval?.timeout, APPROVAL_TIMEOUT_MS_MIN, APPROVAL_TIMEOUT_MS_MAX),
  ];
}

function between(pointer: string, what: string, duration: string | undefined, minMs: number, maxMs: number): PlanProblem[] {
  const ms = msOf(duration);
  if (ms === undefined || (ms >= minMs && ms <= maxMs)) return [];
  return [{ pointer, message: `${what} must be between ${inWords(minMs)} and ${inWords(maxMs)}, but is ${duration}.` }];
}

const inWords = (ms: number): string => {
  if (ms < 1000) return `${ms}ms`;
  return ms < 86_400_000 ? `${ms / 1000}s` : `${ms / 86_400_000}d`;
};

function unclearNotBefore({ key, notBefore, deadline }: PlanTask): PlanProblem[] {
  if (notBefore === undefined) return [];
  const pointer = '/notBefore';
  const delayMs = durationMs(notBefore);
  if (delayMs === undefined && momentMs(notBefore) === undefined) {
    const examples = 'a moment such as "2026-11-23T09:00Z" nor a duration such as "15m"';
    return [{ pointer, message: `The "notBefore" of task "${key}" is neither ${examples}, but "${notBefore}".` }];
  }
  const deadlineMs = msOf(deadline);
  if (delayMs === undefined || deadlineMs === undefined || delayMs < deadlineMs) return [];
  return [{ pointer, message: `Task "${key}" is not to start before its deadline of ${deadline} is over: "notBefore" is ${notBefore}.` }];
}

function contradictions(task: PlanTask): PlanProblem[] {
  const { key, timeout, queueTimeout, deadline, progressTimeout } = task;
  const longer = (pointer: string, field: string, of: string | undefined, limit: string, limitMs: number | undefined): PlanProblem[] =>
    of === undefined || limitMs === undefined || (durationMs(of) ?? 0) <= limitMs
      ? []
      : [{ pointer, message: `The "${field}" of task "${key}", ${of}, is longer than its ${limit}.` }];
  return [
    ...longer('/timeout', 'timeout', timeout, `"deadline", ${deadline}`, msOf(deadline)),
    ...longer('/queueTimeout', 'queueTimeout', queueTimeout, `"deadline", ${deadline}`, msOf(deadline)),
    ...longer(
      '/progressTimeout',
      'progressTimeout',
      progressTimeout,
      timeout === undefined ? '"timeout", which is 30m unless it says otherwise' : `"timeout", ${timeout}`,
      timeoutMsOf(task),
    ),
  ];
}

function unclearApproval({ key, approval }: PlanTask): PlanProblem[] {
  if (approval?.escalateTo === undefined || approval.onTimeout === 'escalate') return [];
  const message = `The approval of task "${key}" has "escalateTo", and "onTimeout" is not escalate: leave one out, or make it escalate.`;
  return [{ pointer: '/approval/escalateTo', message }];
}
