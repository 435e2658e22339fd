import type { ListAgentWork, ListRuns, ListTasks, RunList, RunView, TaskList, TaskView } from '@torch/contracts';
import { present, Rejection } from '@torch/kernel';
import { inputsOf } from './inputs';
import { bySeq, hasEnded, isLive, type RunState, type SchedulerState, type TaskState } from './scheduler.state';

/** Tasks of a page, unless the query says otherwise. */
export const TASKS_PAGE_DEFAULT = 200;
/** Runs of an answer, unless the query says otherwise. */
export const RUNS_PAGE_DEFAULT = 100;

/** Undefined when there is no such task: never submitted, or forgotten after its run had ended. */
export function taskView(state: SchedulerState, taskId: string): TaskView | undefined {
  const task = state.tasks.get(taskId);
  return task && (isLive(task) ? workOf(state, task) : viewOfTask(task));
}

/**
 * In order of submission. `next` is there when there are more.
 *
 * @throws Rejection when `after` is not a task, or `runId` not a run, that the scheduler remembers.
 */
export function listTasks(state: SchedulerState, { runId, status, role, limit = TASKS_PAGE_DEFAULT, after }: ListTasks): TaskList {
  const last = after === undefined ? undefined : state.tasks.get(after);
  if (after !== undefined && !last) throw new Rejection('unknown-task', `There is no task ${after} after which a page could start.`);
  const runs = runId === undefined ? state.runs.values() : [knownRun(state, runId)];
  const found: TaskView[] = [];
  for (const run of runs) {
    if (last && run.seq < last.run.seq) continue;
    for (const task of run.tasks) {
      if ((last && task.seq <= last.seq) || (status !== undefined && task.status !== status)) continue;
      if (role !== undefined && task.spec.role !== role) continue;
      if (found.length === limit) return { tasks: found, next: found.at(-1)?.spec.taskId };
      found.push(viewOfTask(task));
    }
  }
  return { tasks: found };
}

/** Undefined when there is no such run: never submitted, or forgotten after it had ended. */
export function runView({ runs }: SchedulerState, runId: string): RunView | undefined {
  const run = runs.get(runId);
  return run && viewOfRun(run);
}

/** Newest first. */
export function listRuns({ runs }: SchedulerState, { limit = RUNS_PAGE_DEFAULT }: ListRuns): RunList {
  return { runs: [...runs.values()].slice(-limit).reverse().map(viewOfRun) };
}

/** The live attempts of the agent's present instance, in order of submission, with what their dependencies have come to. */
export function listAgentWork(state: SchedulerState, { agentId }: ListAgentWork): TaskList {
  const agent = state.agents.get(agentId);
  const work = agent ? [...agent.live].filter(({ instance }) => instance === agent.instance) : [];
  return { tasks: work.sort(bySeq).map((task) => workOf(state, task)) };
}

function workOf(state: SchedulerState, task: TaskState): TaskView {
  const inputs = inputsOf(state, task);
  return inputs.length === 0 ? viewOfTask(task) : { ...viewOfTask(task), inputs };
}

function knownRun({ runs }: SchedulerState, runId: string): RunState {
  const run = runs.get(runId);
  if (!run) throw new Rejection('unknown-run', `There is no run ${runId}.`);
  return run;
}

function viewOfTask(task: TaskState): TaskView {
  const { run, spec, status, attempt, assignments, submittedAtMs, startedAtMs, endedAtMs, exitCode, durationMs, reason, thread } = task;
  const { priority, result, resultRef, usage } = task;
  return present({
    runId: run.id,
    spec,
    status,
    attempt,
    assignment: assignments.at(-1),
    agentId: isLive(task) || hasEnded(task) ? task.agentId : undefined,
    submittedAtMs,
    startedAtMs,
    endedAtMs,
    leaseUntilMs: isLive(task) ? task.dueAtMs : undefined,
    retryAtMs: status === 'backing-off' && task.dueAtMs < Infinity ? task.dueAtMs : undefined,
    exitCode,
    durationMs,
    reason,
    priority,
    result,
    resultRef,
    usage,
    correlationId: thread.correlationId,
    traceparent: thread.traceparent,
  });
}

function viewOfRun(run: RunState): RunView {
  const { id, name, status, total, completed, failed, cancelled, deadLettered, skipped, submittedAtMs, endedAtMs } = run;
  return present({ runId: id, name, status, total, completed, failed, cancelled, deadLettered, skipped, submittedAtMs, endedAtMs });
}
