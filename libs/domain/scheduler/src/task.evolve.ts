import type {
  TaskAssigned,
  TaskAttemptFailed,
  TaskCancelled,
  TaskCompleted,
  TaskDeadLettered,
  TaskFailed,
  TaskRequeued,
  TaskRetryScheduled,
  TaskStarted,
  TaskSubmitted,
} from '@torch/contracts';
import { type EventEnvelope, invariant } from '@torch/kernel';
import { attemptBegins, attemptEnds } from './agent.evolve';
import { runGoesOn, taskEndedInRun } from './run.evolve';
import {
  hasEndedBadly,
  isLive,
  knownRun,
  knownTask,
  type RunState,
  type SchedulerState,
  type TaskState,
  type Thread,
} from './scheduler.state';

export function onTaskSubmitted(state: SchedulerState, { data, ...envelope }: EventEnvelope<string, TaskSubmitted>): void {
  const run = knownRun(state, data.runId);
  const task = newTask({ spec: data.spec, run, seq: ++state.lastSeq, submittedAtMs: data.submittedAtMs, thread: threadOf(envelope) });
  addTask(state, task);
  task.waitingFor = task.spec.dependsOn.length;
  if (task.waitingFor === 0) makeReady(state, task);
}

export function onTaskAssigned(state: SchedulerState, { taskId, attempt, assignment, agentId, leaseUntilMs }: TaskAssigned): void {
  const task = knownTask(state, taskId);
  state.matching.dequeue(task);
  task.status = 'assigned';
  task.attempt = attempt;
  task.assignments = [...task.assignments, assignment].slice(-state.limits.assignmentsKeptMax);
  task.agentId = agentId;
  task.startedAtMs = undefined;
  attemptBegins(state, task, agentId);
  setTimer(state, task, leaseUntilMs);
}

export function onTaskStarted(state: SchedulerState, { taskId, leaseUntilMs, startedAtMs }: TaskStarted): void {
  const task = knownTask(state, taskId);
  task.status = 'running';
  task.startedAtMs = startedAtMs;
  setTimer(state, task, leaseUntilMs);
}

export function onTaskCompleted(state: SchedulerState, data: TaskCompleted): void {
  const task = knownTask(state, data.taskId);
  attemptEnds(state, task, { outcome: 'completed', atMs: data.completedAtMs });
  task.exitCode = data.exitCode;
  task.durationMs = data.durationMs;
  endTask(state, task, { status: 'completed', reason: undefined, atMs: data.completedAtMs });
  for (const dependant of task.dependants ?? []) {
    dependant.waitingFor--;
    if (dependant.waitingFor === 0 && dependant.status === 'blocked') makeReady(state, dependant);
  }
}

/** The task is between two attempts from here on; a further event of the same decision says how it goes on. */
export function onTaskAttemptFailed(state: SchedulerState, data: TaskAttemptFailed): void {
  const task = knownTask(state, data.taskId);
  attemptEnds(state, task, { outcome: 'failed', atMs: data.failedAtMs });
  clearTimer(state, task);
  task.status = 'backing-off';
  task.exitCode = data.exitCode;
  task.durationMs = data.durationMs;
  task.reason = data.message;
}

export function onTaskRetryScheduled(state: SchedulerState, { taskId, retryAtMs }: TaskRetryScheduled): void {
  setTimer(state, knownTask(state, taskId), retryAtMs);
}

export function onTaskRequeued(state: SchedulerState, { taskId, reason }: TaskRequeued): void {
  const task = knownTask(state, taskId);
  clearTimer(state, task);
  if (reason === 'retry-asked') reopen(state, task);
  makeReady(state, task);
}

export function onTaskFailed(state: SchedulerState, { taskId, reason, failedAtMs }: TaskFailed): void {
  endBadly(state, knownTask(state, taskId), { status: 'failed', reason, atMs: failedAtMs });
}

export function onTaskDeadLettered(state: SchedulerState, { taskId, reason, deadLetteredAtMs }: TaskDeadLettered): void {
  endBadly(state, knownTask(state, taskId), { status: 'dead-lettered', reason, atMs: deadLetteredAtMs });
}

export function onTaskCancelled(state: SchedulerState, { taskId, reason, cancelledAtMs }: TaskCancelled): void {
  const task = knownTask(state, taskId);
  state.matching.dequeue(task);
  if (isLive(task)) attemptEnds(state, task, { outcome: 'cancelled', atMs: cancelledAtMs });
  endBadly(state, task, { status: 'cancelled', reason, atMs: cancelledAtMs });
}

interface Ending {
  readonly status: 'completed' | 'failed' | 'dead-lettered' | 'cancelled';
  readonly reason: string | undefined;
  readonly atMs: number;
}

function endBadly(state: SchedulerState, task: TaskState, ending: Ending): void {
  state.doomed.delete(task);
  endTask(state, task, ending);
  for (const dependant of task.dependants ?? []) {
    dependant.broken++;
    if (dependant.status === 'blocked') state.doomed.add(dependant);
  }
}

function endTask(state: SchedulerState, task: TaskState, { status, reason, atMs }: Ending): void {
  clearTimer(state, task);
  task.status = status;
  task.reason = reason;
  task.endedAtMs = atMs;
  taskEndedInRun(state, task.run, status);
}

function reopen(state: SchedulerState, task: TaskState): void {
  invariant(hasEndedBadly(task.status), `A retry was asked for task ${task.spec.taskId}, which is ${task.status}.`);
  runGoesOn(state, task.run, task.status);
  task.attemptsBefore = task.attempt;
  task.endedAtMs = undefined;
  for (const dependant of task.dependants ?? []) {
    dependant.broken--;
    if (dependant.broken === 0) state.doomed.delete(dependant);
  }
}

function makeReady(state: SchedulerState, task: TaskState): void {
  task.status = 'ready';
  state.matching.enqueue(task);
}

function setTimer(state: SchedulerState, task: TaskState, dueAtMs: number): void {
  task.dueAtMs = dueAtMs;
  if (task.heapIndex >= 0) state.timers.updateAt(task.heapIndex);
  else state.timers.push(task);
}

function clearTimer(state: SchedulerState, task: TaskState): void {
  if (task.heapIndex >= 0) state.timers.removeAt(task.heapIndex);
  task.dueAtMs = Infinity;
}

export const threadOf = ({ correlationId, traceparent }: Thread): Thread => ({ correlationId, traceparent });

/** Shared by all tasks that wait for their first. */
const NO_ASSIGNMENTS: readonly string[] = [];

export function newTask(given: Pick<TaskState, 'spec' | 'run' | 'seq' | 'submittedAtMs' | 'thread'>): TaskState {
  const { spec, run, seq, submittedAtMs, thread } = given;
  return {
    spec,
    run,
    seq,
    submittedAtMs,
    thread,
    status: 'blocked',
    attempt: 0,
    assignments: NO_ASSIGNMENTS,
    attemptsBefore: 0,
    agentId: undefined,
    instance: undefined,
    dueAtMs: Infinity,
    startedAtMs: undefined,
    endedAtMs: undefined,
    exitCode: undefined,
    durationMs: undefined,
    reason: undefined,
    waitingFor: 0,
    broken: 0,
    dependants: undefined,
    demand: undefined,
    earlier: undefined,
    later: undefined,
    heapIndex: -1,
  };
}

/** Puts a task, as yet counted as open, into the indexes, beside its run and its dependencies. */
export function addTask(state: SchedulerState, task: TaskState): void {
  state.tasks.set(task.spec.taskId, task);
  task.run.tasks.push(task);
  task.run.open++;
  state.openTasks++;
  linkDependencies(state, task);
}

/** A dependency may come later in its run's list than what depends on it. */
function linkDependencies(state: SchedulerState, task: TaskState): void {
  const { run, spec } = task;
  for (const id of spec.dependsOn) {
    const dependency = state.tasks.get(id);
    if (dependency) (dependency.dependants ??= []).push(task);
    else awaitDependency(run, id, task);
  }
  task.dependants = run.awaited?.get(spec.taskId);
  if (task.dependants && run.awaited?.delete(spec.taskId) && run.awaited.size === 0) run.awaited = undefined;
}

function awaitDependency(run: RunState, id: string, dependant: TaskState): void {
  run.awaited ??= new Map();
  const awaiting = run.awaited.get(id);
  if (awaiting) awaiting.push(dependant);
  else run.awaited.set(id, [dependant]);
}
