import type {
  TaskAssigned,
  TaskAttemptFailed,
  TaskCancelled,
  TaskCompleted,
  TaskDeadLettered,
  TaskFailed,
  TaskPriorityChanged,
  TaskProgressed,
  TaskRequeued,
  TaskRetryScheduled,
  TaskSkipped,
  TaskStarted,
  TaskSubmitted,
  Usage,
} from '@torch/contracts';
import { type EventEnvelope, invariant, jsonBytes } from '@torch/kernel';
import { attemptBegins, attemptEnds, outcomeOf } from './agent.evolve';
import { setBetween } from './between.evolve';
import { dependencyEnded, dependencyReopened, isDoomed, isUnblocked, pinDependencies } from './dependencies';
import { waitsForAnswer } from './approvals/lease';
import { moreOf } from './budgets/usage';
import { clearMoments, queueTimeoutBegins, queueTimeoutEnds, setMoment } from './moments';
import { addTask, newTask, threadOf } from './new-task';
import { refreshEnded, runGoesOn, taskEndedInRun } from './run.evolve';
import { isEnd, isLive, knownRun, knownTask, type SchedulerState, type TaskEnd, type TaskState } from './scheduler.state';
import { clearTimer, setTimer } from './timers.evolve';
import { dequeue, enqueue, topics } from './topics';

export function onTaskSubmitted(state: SchedulerState, event: EventEnvelope<string, TaskSubmitted>): void {
  const { spec, submittedAtMs, runId } = event.data;
  const run = knownRun(state, runId);
  const fairnessKey = spec.fairnessKey ?? event.actor;
  const task = newTask({ spec, run, seq: ++state.lastSeq, submittedAtMs, fairnessKey, thread: threadOf(event) });
  for (const pinned of addTask(state, task)) refreshEnded(state, pinned);
  opened(state, task, submittedAtMs);
  proceed(state, task, submittedAtMs);
}

/** On to what the task waits for next: its dependencies, its time, an approval, an agent. Ready already, it stays so. */
export function proceed(state: SchedulerState, task: TaskState, atMs: number): void {
  if (task.status === 'ready') return;
  state.awaitingApproval.delete(task);
  if (task.status === 'blocked' && !isUnblocked(task)) {
    if (isDoomed(task)) state.doomed.add(task);
    return;
  }
  const { notBeforeMs, approval } = task.spec;
  const isEarly = notBeforeMs !== undefined && notBeforeMs > atMs;
  setMoment(state, task, 'notBeforeMs', isEarly ? notBeforeMs : Infinity);
  if (isEarly) task.status = 'delayed';
  else if (approval && !task.approved) {
    task.status = 'awaiting-approval';
    state.awaitingApproval.add(task);
  } else makeReady(state, task, atMs);
}

export function onTaskAssigned(state: SchedulerState, data: TaskAssigned): void {
  const { taskId, attempt, assignment, agentId, leaseUntilMs, assignedAtMs } = data;
  const task = knownTask(state, taskId);
  unready(state, task, { isAssigned: true });
  task.status = 'assigned';
  task.attempt = attempt;
  task.assignments = [...task.assignments, assignment].slice(-state.limits.assignmentsKeptMax);
  task.agentId = agentId;
  task.startedAtMs = undefined;
  task.usage = undefined;
  task.choice = data.choice;
  state.live.add(task);
  attemptBegins(state, task, agentId);
  setTimer(state, task, leaseUntilMs);
  for (const topic of topics()) topic.attemptBegan?.(state, task, assignedAtMs);
}

export function onTaskStarted(state: SchedulerState, { taskId, leaseUntilMs, startedAtMs }: TaskStarted): void {
  const task = knownTask(state, taskId);
  task.status = 'running';
  task.startedAtMs = startedAtMs;
  setTimer(state, task, leaseUntilMs);
  progressSeen(state, task, startedAtMs);
}

export function onTaskProgressed(state: SchedulerState, { taskId, usage, reportedAtMs }: TaskProgressed): void {
  const task = knownTask(state, taskId);
  if (usage) usageSeen(state, task, usage, reportedAtMs);
  if (task.status === 'running') progressSeen(state, task, reportedAtMs);
}

function usageSeen(state: SchedulerState, task: TaskState, usage: Usage, atMs: number): void {
  task.usage = moreOf(task.usage, usage);
  for (const topic of topics()) topic.usageSeen?.(state, task, atMs);
}

/** From `atMs` on, the attempt has its progress timeout again; while it waits for an answer, it has none. */
export function progressSeen(state: SchedulerState, task: TaskState, atMs: number): void {
  const { progressTimeoutMs } = task.spec;
  if (progressTimeoutMs === undefined) return;
  setMoment(state, task, 'progressUntilMs', waitsForAnswer(state, task) ? Infinity : atMs + progressTimeoutMs);
}

export function onTaskCompleted(state: SchedulerState, data: TaskCompleted): void {
  const task = knownTask(state, data.taskId);
  if (data.usage) usageSeen(state, task, data.usage, data.completedAtMs);
  attemptOver(state, task, { outcome: 'completed', atMs: data.completedAtMs });
  task.exitCode = data.exitCode;
  task.durationMs = data.durationMs;
  task.result = data.result;
  task.resultRef = data.resultRef;
  if (data.result) task.run.resultBytes += jsonBytes(data.result);
  endTask(state, task, { status: 'completed', reason: undefined, atMs: data.completedAtMs });
}

/** The task is between two attempts from here on; a further event of the same decision says how it goes on. */
export function onTaskAttemptFailed(state: SchedulerState, data: TaskAttemptFailed): void {
  const task = knownTask(state, data.taskId);
  if (data.usage) usageSeen(state, task, data.usage, data.failedAtMs);
  attemptOver(state, task, { outcome: outcomeOf(data.reason), atMs: data.failedAtMs });
  clearTimer(state, task);
  task.status = 'backing-off';
  task.exitCode = data.exitCode;
  task.durationMs = data.durationMs;
  task.reason = data.message;
  setBetween(state, task, { after: 'attempt-failed', reason: data.reason });
  if (data.reason === 'stopped') task.attemptsBefore++;
  if (data.reason === 'rate-limited' && task.rateLimits++ < state.limits.rateLimitsMax) task.attemptsBefore++;
}

export function onTaskRetryScheduled(state: SchedulerState, { taskId, retryAtMs }: TaskRetryScheduled): void {
  const task = knownTask(state, taskId);
  setTimer(state, task, retryAtMs);
  if (task.between?.after !== 'attempt-failed' || task.between.reason !== 'stopped') setBetween(state, task, undefined);
}

export function onTaskRequeued(state: SchedulerState, { taskId, reason, requeuedAtMs }: TaskRequeued): void {
  const task = knownTask(state, taskId);
  clearTimer(state, task);
  setBetween(state, task, undefined);
  if (reason === 'retry-asked') reopen(state, task, requeuedAtMs);
  if (reason === 'approved') task.approved = true;
  proceed(state, task, requeuedAtMs);
}

export function onTaskFailed(state: SchedulerState, { taskId, reason, failedAtMs }: TaskFailed): void {
  endTask(state, knownTask(state, taskId), { status: 'failed', reason, atMs: failedAtMs });
}

export function onTaskDeadLettered(state: SchedulerState, { taskId, reason, deadLetteredAtMs }: TaskDeadLettered): void {
  const task = knownTask(state, taskId);
  endTask(state, task, { status: 'dead-lettered', reason, atMs: deadLetteredAtMs });
  state.deadLetters.add(task);
}

export function onTaskCancelled(state: SchedulerState, { taskId, reason, cancelledAtMs }: TaskCancelled): void {
  const task = knownTask(state, taskId);
  if (isLive(task)) attemptOver(state, task, { outcome: 'cancelled', atMs: cancelledAtMs });
  endTask(state, task, { status: 'cancelled', reason, atMs: cancelledAtMs });
}

export function onTaskSkipped(state: SchedulerState, { taskId, reason, skippedAtMs }: TaskSkipped): void {
  endTask(state, knownTask(state, taskId), { status: 'skipped', reason, atMs: skippedAtMs });
}

/** A ready task goes to its place among those of its new priority. */
export function onTaskPriorityChanged(state: SchedulerState, { taskId, priority }: TaskPriorityChanged): void {
  const task = knownTask(state, taskId);
  const isReady = task.status === 'ready';
  if (isReady) dequeue(state, task);
  task.priority = priority;
  if (isReady) enqueue(state, task);
}

function attemptOver(
  state: SchedulerState,
  task: TaskState,
  how: { readonly outcome: 'completed' | 'failed' | 'cancelled'; readonly atMs: number },
): void {
  for (const topic of topics()) topic.attemptOver?.(state, task, how.atMs);
  state.live.delete(task);
  setMoment(state, task, 'progressUntilMs', Infinity);
  attemptEnds(state, task, how);
}

interface Ending {
  readonly status: TaskEnd;
  readonly reason: string | undefined;
  readonly atMs: number;
}

function endTask(state: SchedulerState, task: TaskState, { status, reason, atMs }: Ending): void {
  unready(state, task);
  clearTimer(state, task);
  clearMoments(state, task);
  setBetween(state, task, undefined);
  state.awaitingApproval.delete(task);
  state.doomed.delete(task);
  task.status = status;
  task.reason = reason;
  task.endedAtMs = atMs;
  for (const topic of topics()) topic.taskEnded?.(state, task, atMs);
  taskEndedInRun(state, task.run, status);
  dependencyEnded(task, status);
  for (const dependant of task.dependants ?? []) {
    if (dependant.status !== 'blocked') continue;
    if (isUnblocked(dependant)) proceed(state, dependant, atMs);
    else if (isDoomed(dependant)) state.doomed.add(dependant);
  }
  for (const run of pinDependencies(state, task, -1)) refreshEnded(state, run);
}

function reopen(state: SchedulerState, task: TaskState, atMs: number): void {
  const { status } = task;
  invariant(isEnd(status) && status !== 'completed', `A retry was asked for task ${task.spec.taskId}, which is ${status}.`);
  state.deadLetters.delete(task);
  runGoesOn(state, task.run, status);
  for (const run of pinDependencies(state, task, 1)) refreshEnded(state, run);
  task.status = 'blocked';
  task.attemptsBefore = task.attempt;
  task.rateLimits = 0;
  task.approved = false;
  task.endedAtMs = undefined;
  opened(state, task, atMs);
  dependencyReopened(task, status);
  for (const dependant of task.dependants ?? []) if (!isDoomed(dependant)) state.doomed.delete(dependant);
}

function opened(state: SchedulerState, task: TaskState, atMs: number): void {
  if (task.spec.deadlineMs !== undefined) setMoment(state, task, 'deadlineMs', atMs + task.spec.deadlineMs);
  for (const topic of topics()) topic.taskOpened?.(state, task);
}

function makeReady(state: SchedulerState, task: TaskState, atMs: number): void {
  task.status = 'ready';
  task.readyAtMs = atMs;
  queueTimeoutBegins(state, task, atMs);
  enqueue(state, task);
}

function unready(state: SchedulerState, task: TaskState, how: { readonly isAssigned?: boolean } = {}): void {
  dequeue(state, task, how);
  task.readyAtMs = undefined;
  queueTimeoutEnds(state, task);
}
