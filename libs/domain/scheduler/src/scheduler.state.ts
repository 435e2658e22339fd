import type { RunStatus, TaskSpec, TaskStatus } from '@torch/contracts';
import { invariant, RecentReports } from '@torch/kernel';
import { Heap, noteIndex } from './heap';
import { type AgentProfile, type DemandClass, Matching } from './matching';
import { SCHEDULER_LIMITS, type SchedulerLimits } from './scheduler.limits';

/** Under whose correlation and trace a task or a run goes on, whoever moves it. */
export interface Thread {
  readonly correlationId: string;
  readonly traceparent?: string;
}

export interface RunState {
  readonly id: string;
  readonly name?: string;
  readonly seq: number;
  readonly total: number;
  readonly submittedAtMs: number;
  readonly thread: Thread;
  /** In order of submission. */
  readonly tasks: TaskState[];
  status: RunStatus;
  /** Tasks that have not ended. */
  open: number;
  completed: number;
  failed: number;
  cancelled: number;
  deadLettered: number;
  endedAtMs: number | undefined;
  /** Counts the endings of the project: what ended first is forgotten first. 0 while running. */
  endedSeq: number;
  /** Set from the request to cancel until the run has ended. */
  cancelReason: string | undefined;
  /** While the run is being submitted: who depends on tasks that are yet to come. */
  awaited: Map<string, TaskState[]> | undefined;
  /** Derived: place among the ended runs, or -1. */
  heapIndex: number;
}

export interface TaskState {
  readonly spec: TaskSpec;
  readonly run: RunState;
  /** Place in the order of submission, over all runs of the project. */
  readonly seq: number;
  readonly submittedAtMs: number;
  readonly thread: Thread;
  status: TaskStatus;
  /** The newest attempt; grows for ever, so that it fences the results of all older ones. */
  attempt: number;
  /** Of the last attempts, the newest last: `assignmentsKeptMax` of them. */
  assignments: readonly string[];
  /** Attempts made before somebody asked for a retry: they no longer count against the limit. */
  attemptsBefore: number;
  /** Of the newest attempt. */
  agentId: string | undefined;
  /** The agent's instance to which the live attempt went. */
  instance: string | undefined;
  /** End of the lease or of the back-off; `Infinity` when there is neither. */
  dueAtMs: number;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
  exitCode: number | undefined;
  durationMs: number | undefined;
  reason: string | undefined;
  /** Derived: dependencies that have not completed, and those among them that have ended otherwise. */
  waitingFor: number;
  broken: number;
  /** Derived: the tasks that depend on this one. */
  dependants: TaskState[] | undefined;
  /** Derived, while ready: the queue that the task is in, and its neighbours there. */
  demand: DemandClass | undefined;
  earlier: TaskState | undefined;
  later: TaskState | undefined;
  /** Derived: place among the timers or among the late ones of a queue (never both), or -1. */
  heapIndex: number;
}

/** `gone`: deregistered, kept only until its attempts are released. */
export type SchedulerAgentPresence = 'live' | 'suspected' | 'lost' | 'gone';

export interface AgentState {
  readonly id: string;
  role: string;
  skills: readonly string[];
  capacity: number;
  instance: string;
  presence: SchedulerAgentPresence;
  /** End of its last attempt, or its registration. */
  idleSinceMs: number;
  completed: number;
  failed: number;
  /** Order in which lost agents are forgotten; 0 while not lost. */
  lostSeq: number;
  /** Derived: (completed + 1) / (all + 2), so that a newcomer starts at one half. */
  successRate: number;
  /** Derived: the tasks with a live attempt here. */
  readonly live: Set<TaskState>;
  /** Derived, while live or suspected. */
  profile: AgentProfile | undefined;
  /** Derived: place among the free agents of its profile or among the lost ones (never both), or -1. */
  heapIndex: number;
}

/** The scheduler's knowledge of one project. Changed in place by `evolve` alone. */
export interface SchedulerState {
  readonly limits: SchedulerLimits;
  readonly tasks: Map<string, TaskState>;
  readonly runs: Map<string, RunState>;
  readonly agents: Map<string, AgentState>;
  /** The last number given to a run or task, to an ending, to a loss. */
  lastSeq: number;
  lastEndedSeq: number;
  lastLostSeq: number;
  /** What agents reported of attempts that no task here knows. */
  readonly fenced: RecentReports;
  /** What follows is derived from the above. */
  readonly matching: Matching;
  readonly timers: Heap<TaskState>;
  openTasks: number;
  /** Tasks of ended runs, and those runs; the one that ended first is on top. */
  endedTasks: number;
  readonly endedRuns: Heap<RunState>;
  /** The one that was lost first is on top. */
  readonly lostAgents: Heap<AgentState>;
  /** What `settle` has to deal with: runs to cancel, tasks whose dependency has failed, runs without an open task. */
  readonly cancelling: Set<RunState>;
  readonly doomed: Set<TaskState>;
  readonly ending: Set<RunState>;
}

export function initialState(limits: SchedulerLimits = SCHEDULER_LIMITS, fenced = new RecentReports(limits.fenced)): SchedulerState {
  return {
    limits,
    tasks: new Map(),
    runs: new Map(),
    agents: new Map(),
    lastSeq: 0,
    lastEndedSeq: 0,
    lastLostSeq: 0,
    fenced,
    matching: new Matching(),
    timers: new Heap<TaskState>((a, b) => a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.seq < b.seq), noteIndex),
    openTasks: 0,
    endedTasks: 0,
    endedRuns: new Heap<RunState>((a, b) => a.endedSeq < b.endedSeq, noteIndex),
    lostAgents: new Heap<AgentState>((a, b) => a.lostSeq < b.lostSeq, noteIndex),
    cancelling: new Set(),
    doomed: new Set(),
    ending: new Set(),
  };
}

/** The assignment of one of the last attempts; undefined for one that has not been, or is too old to be remembered. */
export const assignmentOf = ({ attempt: newest, assignments }: TaskState, attempt: number): string | undefined =>
  attempt > newest ? undefined : assignments.at(attempt - newest - 1);

export const isLive = ({ status }: TaskState): boolean => status === 'assigned' || status === 'running';

export function hasEnded({ status }: TaskState): boolean {
  return status === 'completed' || hasEndedBadly(status);
}

export function hasEndedBadly(status: TaskStatus): boolean {
  return status === 'failed' || status === 'dead-lettered' || status === 'cancelled';
}

export const bySeq = (a: { seq: number }, b: { seq: number }): number => a.seq - b.seq;

/** For `evolve`: the event names a task that an earlier event made. */
export function knownTask(state: SchedulerState, taskId: string): TaskState {
  const task = state.tasks.get(taskId);
  invariant(task, `An event is about task ${taskId}, which no event has submitted.`);
  return task;
}

/** For `evolve`: the event names a run that an earlier event made. */
export function knownRun(state: SchedulerState, runId: string): RunState {
  const run = state.runs.get(runId);
  invariant(run, `An event is about run ${runId}, which no event has submitted.`);
  return run;
}
