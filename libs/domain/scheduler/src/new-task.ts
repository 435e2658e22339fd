import { linkDependencies } from './dependencies';
import type { RunState, SchedulerState, TaskState, Thread } from './scheduler.state';

/** Shared by all tasks that wait for their first. */
const NO_ASSIGNMENTS: readonly string[] = [];

export const threadOf = ({ correlationId, traceparent }: Thread): Thread => ({ correlationId, traceparent });

export function newTask(given: Pick<TaskState, 'spec' | 'run' | 'seq' | 'submittedAtMs' | 'fairnessKey' | 'thread'>): TaskState {
  const { spec, run, seq, submittedAtMs, fairnessKey, thread } = given;
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
    priority: spec.priority,
    fairnessKey,
    readyAtMs: undefined,
    approved: false,
    rateLimits: 0,
    usage: undefined,
    result: undefined,
    resultRef: undefined,
    agentId: undefined,
    choice: undefined,
    pastAgents: undefined,
    instance: undefined,
    between: undefined,
    dueAtMs: Infinity,
    startedAtMs: undefined,
    endedAtMs: undefined,
    exitCode: undefined,
    durationMs: undefined,
    reason: undefined,
    moments: undefined,
    waitingFor: 0,
    broken: 0,
    dependants: undefined,
    demand: undefined,
    strand: undefined,
    earlier: undefined,
    later: undefined,
    heapIndex: -1,
  };
}

/**
 * Puts a task, as yet counted as open, into the indexes, beside its run and its dependencies.
 *
 * @returns the runs that it keeps from being forgotten, and that nobody has kept so far.
 */
export function addTask(state: SchedulerState, task: TaskState): readonly RunState[] {
  state.tasks.set(task.spec.taskId, task);
  task.run.tasks.push(task);
  task.run.open++;
  state.openTasks++;
  return linkDependencies(state, task);
}
