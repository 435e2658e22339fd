import type { AgentChoice, RunStatus, TaskSpec, TaskStatus, Usage } from '@torch/contracts';
import { jsonBytes, present } from '@torch/kernel';
import type { Between } from './between';
import { forgetAwaited, isDoomed } from './dependencies';
import { type MomentField, momentOf, queueTimeoutBegins, restoreMoments } from './moments';
import { addTask, newTask } from './new-task';
import { count, newRun, refreshEnded } from './run.evolve';
import { type AgentState, hasEnded, isLive, type RunState, type SchedulerState, type TaskState, type Thread } from './scheduler.state';
import { isStopped } from './stopped';
import { setTimer } from './timers.evolve';
import { enqueue } from './topics';

/** A field that is absent has the value that a task begins with, or that of its run. */
export interface EncodedTask {
  readonly spec: TaskSpec;
  readonly seq: number;
  readonly at: number;
  readonly thread?: Thread;
  readonly status: TaskStatus;
  readonly attempt?: number;
  readonly assignments?: readonly string[];
  readonly before?: number;
  readonly key?: string;
  readonly priority?: number;
  readonly readyAtMs?: number;
  readonly approved?: true;
  readonly rateLimits?: number;
  readonly usage?: Usage;
  readonly result?: object;
  readonly resultRef?: string;
  readonly agentId?: string;
  readonly choice?: AgentChoice;
  readonly pastAgents?: readonly string[];
  readonly instance?: string;
  readonly dueAtMs?: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly exitCode?: number;
  readonly durationMs?: number;
  readonly reason?: string;
  readonly moments?: Partial<Record<MomentField, number>>;
  readonly between?: Between;
}

export interface EncodedRun {
  readonly id: string;
  readonly name?: string;
  readonly seq: number;
  readonly total: number;
  readonly at: number;
  readonly thread: Thread;
  readonly status: RunStatus;
  readonly endedAtMs?: number;
  readonly endedSeq: number;
  readonly cancelReason?: string;
  /** Of its tasks, where they do not say otherwise. */
  readonly key?: string;
  readonly tasks: readonly EncodedTask[];
}

export function encodeRun(state: SchedulerState, run: RunState): EncodedRun {
  const { id, name, seq, total, submittedAtMs, thread, status, endedAtMs, endedSeq, cancelReason, tasks } = run;
  const encoded = { id, name, seq, total, at: submittedAtMs, thread: present(thread), status, endedAtMs, endedSeq, cancelReason };
  const key = tasks[0]?.fairnessKey;
  return present({ ...encoded, key, tasks: tasks.map((task) => encodeTask(state, task, { run, key })) });
}

function encodeTask(state: SchedulerState, task: TaskState, { run, key }: { run: RunState; key: string | undefined }): EncodedTask {
  const { spec, seq, status, attempt, assignments, agentId, instance, readyAtMs, usage, result, resultRef } = task;
  const { startedAtMs, endedAtMs, exitCode, durationMs, reason } = task;
  return present({
    spec,
    seq,
    at: task.submittedAtMs,
    thread: sameThread(task.thread, run.thread) ? undefined : present(task.thread),
    status,
    attempt: attempt || undefined,
    assignments: assignments.length === 0 ? undefined : assignments,
    before: task.attemptsBefore || undefined,
    key: task.fairnessKey === key ? undefined : task.fairnessKey,
    priority: task.priority === spec.priority ? undefined : task.priority,
    readyAtMs: readyAtMs === task.submittedAtMs && status === 'ready' ? undefined : readyAtMs,
    approved: task.approved ? (true as const) : undefined,
    rateLimits: task.rateLimits || undefined,
    usage,
    result,
    resultRef,
    agentId,
    choice: task.choice,
    pastAgents: task.pastAgents,
    instance,
    dueAtMs: task.dueAtMs === Infinity ? undefined : task.dueAtMs,
    startedAtMs,
    endedAtMs,
    exitCode,
    durationMs,
    reason,
    moments: encodeMoments(state, task),
    between: task.between,
  });
}

const sameThread = (a: Thread, b: Thread): boolean => a.correlationId === b.correlationId && a.traceparent === b.traceparent;

const MOMENT_FIELDS: readonly MomentField[] = ['deadlineMs', 'notBeforeMs', 'queueUntilMs', 'progressUntilMs'];

function encodeMoments(state: SchedulerState, task: TaskState): EncodedTask['moments'] {
  if (!task.moments) return undefined;
  const given = MOMENT_FIELDS.map((field) => [field, momentOf(state, task, field)] as const).filter(([, atMs]) => atMs < Infinity);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** Once all agents are there. */
export function decodeRun(state: SchedulerState, encoded: EncodedRun): void {
  const { id, name, seq, total, at, thread, status, endedAtMs, endedSeq, cancelReason, tasks } = encoded;
  const run = newRun({ id, name, seq, total, submittedAtMs: at, thread });
  Object.assign(run, { status, endedAtMs, endedSeq, cancelReason });
  state.runs.set(id, run);
  for (const task of tasks) decodeTask(state, run, task, encoded.key);
  if (run.tasks.length === total) forgetAwaited(run);
  for (const task of run.tasks) indexTask(state, task);
}

function decodeTask(state: SchedulerState, run: RunState, encoded: EncodedTask, runKey = ''): void {
  const { spec, seq, status, at = run.submittedAtMs, thread = run.thread, before = 0, key = runKey, moments } = encoded;
  const task = newTask({ spec, run, seq, submittedAtMs: at, fairnessKey: key, thread });
  task.status = status;
  task.attemptsBefore = before;
  if (status === 'ready') task.readyAtMs = at;
  takeGiven(task, encoded);
  addTask(state, task);
  if (moments) restoreMoments(state, task, moments);
  if (task.result) run.resultBytes += jsonBytes(task.result);
  if (!hasEnded(task)) return;
  count(run, task.status, 1);
  run.open--;
  state.openTasks--;
}

/** Which are called in a snapshot as in the state. */
const SAME_FIELDS = new Set<string>([
  'attempt',
  'assignments',
  'priority',
  'readyAtMs',
  'approved',
  'rateLimits',
  'usage',
  'result',
  'resultRef',
  'agentId',
  'choice',
  'pastAgents',
  'instance',
  'dueAtMs',
  'startedAtMs',
  'endedAtMs',
  'exitCode',
  'durationMs',
  'reason',
  'between',
] satisfies readonly (keyof EncodedTask & keyof TaskState)[]);

/** Those that are there: few, in most of very many tasks. */
function takeGiven(task: TaskState, encoded: EncodedTask): void {
  for (const name in encoded)
    if (SAME_FIELDS.has(name)) (task as unknown as Record<string, unknown>)[name] = encoded[name as keyof EncodedTask];
}

/** Once all runs are there: a task may depend on one of any. */
export function indexRuns(state: SchedulerState): void {
  for (const task of state.tasks.values()) if (task.status === 'blocked' && isDoomed(task)) state.doomed.add(task);
  for (const run of state.runs.values()) indexRun(state, run);
}

function indexTask(state: SchedulerState, task: TaskState): void {
  if (task.status === 'ready') enqueue(state, task);
  if (task.status === 'ready' && isStopped(state)) queueTimeoutBegins(state, task, 0); // Its time is counted from the resumption on.
  if (task.status === 'awaiting-approval' && !state.approvals.isAsked(task.spec.taskId)) state.awaitingApproval.add(task);
  if (task.status === 'dead-lettered') state.deadLetters.add(task);
  if (task.between) state.between.add(task);
  if (task.dueAtMs !== Infinity) setTimer(state, task, task.dueAtMs);
  if (!isLive(task)) return;
  const agent = state.agents.get(task.agentId as string) as AgentState;
  agent.live.add(task);
  state.live.add(task);
  state.matching.refreshAgent(agent);
}

function indexRun(state: SchedulerState, run: RunState): void {
  if (run.status !== 'running') refreshEnded(state, run);
  else if (run.open === 0) state.ending.add(run);
  else if (run.cancelReason !== undefined) state.cancelling.add(run);
}
