import type { RecordFencedAttempt } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { taskEvent } from './scheduler.facts';
import { assignmentOf, isLive, type SchedulerState, type TaskState } from './scheduler.state';

/** An attempt as its agent names it. */
export interface HeldAttempt {
  readonly taskId: string;
  readonly attempt: number;
  /** Of the event that made the attempt. In another history, the same number is another attempt. */
  readonly assignment: string;
  readonly agentId: string;
}

export function isOfLiveAttempt(task: TaskState, { attempt, assignment, agentId }: HeldAttempt): boolean {
  return isLive(task) && task.attempt === attempt && task.agentId === agentId && task.assignments.at(-1) === assignment;
}

/** Nothing to say of an attempt that the log knows, live or over. The agent has stopped it, or is about to. */
export function recordFencedAttempt(state: SchedulerState, held: RecordFencedAttempt, nowMs: number): readonly NewEvent[] {
  const { taskId, attempt, assignment, agentId } = held;
  const reason = unknownBecause(state, held);
  if (reason === undefined || !isNewReport(state, held, 'fenced', nowMs)) return [];
  return [taskEvent('attempt.fenced', { taskId, attempt, assignment, agentId, reason, fencedAtMs: nowMs })];
}

/**
 * Of what no task of the log can tell: false for a repeat.
 *
 * @throws Rejection `too-many-fenced` when the agent has reported so much of it that it is recorded no more for a while.
 */
export function isNewReport(state: SchedulerState, held: HeldAttempt, what: ReportedAs, nowMs: number): boolean {
  const verdict = state.fenced.judge(held.agentId, reportOf(held, what), nowMs);
  if (verdict !== 'too-many') return verdict === 'new';
  const { perReporterMax, windowMs } = state.limits.fenced;
  throw new Rejection(
    'too-many-fenced',
    `Agent ${held.agentId} has reported ${perReporterMax} attempts within ${windowMs} ms that the log does not know.`,
  );
}

export type ReportedAs = 'fenced' | 'completed' | 'failed';

/** For `evolve`: the report is in the log. */
export function reportRecorded(state: SchedulerState, held: HeldAttempt, what: ReportedAs, atMs: number): void {
  state.fenced.note(held.agentId, reportOf(held, what), atMs);
}

const reportOf = ({ taskId, attempt, assignment }: HeldAttempt, what: ReportedAs): string => `${what} ${taskId} ${attempt} ${assignment}`;

function unknownBecause(state: SchedulerState, { taskId, attempt, assignment }: HeldAttempt): string | undefined {
  const task = state.tasks.get(taskId);
  if (!task) return unknownTask(taskId);
  if (attempt > task.attempt) return `The log holds no attempt ${attempt} of task ${taskId}, whose newest is ${task.attempt}.`;
  const known = assignmentOf(task, attempt);
  if (known === undefined || known === assignment) return undefined;
  return `Attempt ${attempt} of task ${taskId} is assignment ${known} in the log, and not ${assignment}.`;
}

export const unknownTask = (taskId: string): string => `The log holds no task ${taskId}, or it ended long ago.`;
