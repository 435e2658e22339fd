import type { RunCancelRequested, RunEnded, RunSubmitted, TaskStatus } from '@torch/contracts';
import type { EventEnvelope } from '@torch/kernel';
import { unlinkForgotten } from './dependencies';
import { knownRun, type RunState, type SchedulerState } from './scheduler.state';

export function onRunSubmitted(state: SchedulerState, { data, correlationId, traceparent }: EventEnvelope<string, RunSubmitted>): void {
  const { runId, name, tasks, submittedAtMs } = data;
  state.runs.set(
    runId,
    newRun({ id: runId, name, seq: ++state.lastSeq, total: tasks, submittedAtMs, thread: { correlationId, traceparent } }),
  );
}

export function onRunCancelRequested(state: SchedulerState, { runId, reason }: RunCancelRequested): void {
  const run = knownRun(state, runId);
  run.cancelReason = reason;
  if (run.open > 0) state.cancelling.add(run);
}

export function onRunEnded(state: SchedulerState, { runId, status, endedAtMs }: RunEnded): void {
  const run = knownRun(state, runId);
  run.status = status;
  run.endedAtMs = endedAtMs;
  run.endedSeq = ++state.lastEndedSeq;
  run.cancelReason = undefined;
  state.ending.delete(run);
  refreshEnded(state, run);
}

/** One task of the run is open no more. */
export function taskEndedInRun(state: SchedulerState, run: RunState, status: TaskStatus): void {
  count(run, status, 1);
  run.open--;
  state.openTasks--;
  if (run.open > 0) return;
  state.cancelling.delete(run);
  state.ending.add(run);
}

/** A task of the run that had ended with `status` is open again. */
export function runGoesOn(state: SchedulerState, run: RunState, status: TaskStatus): void {
  count(run, status, -1);
  if (run.open === 0) run.cancelReason = undefined; // All that it asked for has been cancelled.
  run.open++;
  state.openTasks++;
  state.ending.delete(run);
  if (run.status === 'running') return;
  run.status = 'running';
  run.endedAtMs = undefined;
  refreshEnded(state, run);
  run.endedSeq = 0;
}

export function newRun(given: Pick<RunState, 'id' | 'name' | 'seq' | 'total' | 'submittedAtMs' | 'thread'>): RunState {
  const { id, name, seq, total, submittedAtMs, thread } = given;
  return {
    id,
    name,
    seq,
    total,
    submittedAtMs,
    thread,
    tasks: [],
    pins: 0,
    resultBytes: 0,
    awaited: undefined,
    status: 'running',
    open: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    deadLettered: 0,
    skipped: 0,
    endedAtMs: undefined,
    endedSeq: 0,
    cancelReason: undefined,
    heapIndex: -1,
  };
}

export function count(run: RunState, status: TaskStatus, by: 1 | -1): void {
  if (status === 'completed') run.completed += by;
  else if (status === 'failed') run.failed += by;
  else if (status === 'cancelled') run.cancelled += by;
  else if (status === 'dead-lettered') run.deadLettered += by;
  else if (status === 'skipped') run.skipped += by;
}

/** To be called when the run has ended, goes on, or is needed by others from now on or no more. */
export function refreshEnded(state: SchedulerState, run: RunState): void {
  const mayGo = run.status !== 'running' && run.pins === 0;
  if (mayGo === run.heapIndex >= 0) return;
  if (mayGo) state.endedRuns.push(run);
  else state.endedRuns.removeAt(run.heapIndex);
  const by = mayGo ? 1 : -1;
  state.endedTasks += by * run.tasks.length;
  state.endedResultBytes += by * run.resultBytes;
  if (mayGo) forgetOldest(state);
}

/** Runs that ended first go first. The one that ended last stays, even if it is larger than the limits. */
function forgetOldest(state: SchedulerState): void {
  const { tasksEndedMax, resultBytesMax } = state.limits;
  while ((state.endedTasks > tasksEndedMax || state.endedResultBytes > resultBytesMax) && state.endedRuns.size > 1) {
    const run = state.endedRuns.removeAt(0);
    state.endedTasks -= run.tasks.length;
    state.endedResultBytes -= run.resultBytes;
    state.runs.delete(run.id);
    for (const task of run.tasks) {
      unlinkForgotten(state, task);
      state.deadLetters.delete(task);
      state.tasks.delete(task.spec.taskId);
    }
  }
}
