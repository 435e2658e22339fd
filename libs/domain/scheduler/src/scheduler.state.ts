import type { AgentChoice, RunStatus, TaskSpec, TaskStatus, Usage } from '@torch/contracts';
import { Heap, invariant, noteIndex, orderedBySeq, type OrderedSet, RecentReports } from '@torch/kernel';
import type { Between } from './between';
import { Approvals } from './approvals/approvals.state';
import { Budgets } from './budgets/budgets.state';
import { Claims } from './claims/claims.state';
import { Quotas } from './limits/limits.state';
import { type AgentProfile, type DemandClass, Matching } from './matching';
import type { TrackRecord } from './matching/track-record';
import { momentsHeap, progressHeap } from './moments';
import type { Strand } from './order/strand';
import { QueueTimeouts } from './queue-timeouts';
import { SCHEDULER_LIMITS, type SchedulerLimits } from './scheduler.limits';
import { Schedules } from './schedules/schedules.state';

export type TaskEnd = Extract<TaskStatus, 'completed' | 'skipped' | 'failed' | 'dead-lettered' | 'cancelled'>;

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
  skipped: number;
  endedAtMs: number | undefined;
  /** Counts the endings of the project: what ended first is forgotten first. 0 while running. */
  endedSeq: number;
  /** Set from the request to cancel until the run has ended. */
  cancelReason: string | undefined;
  /** Derived: open tasks of other runs that depend on tasks of this one. It is not forgotten while there are any. */
  pins: number;
  /** Derived: what the results of its tasks take, bytes of JSON. */
  resultBytes: number;
  /** While the run is being submitted: who depends on tasks that are yet to come. */
  awaited: Map<string, Set<TaskState>> | undefined;
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
  /** Attempts that do not count against the limit: before a retry was asked for, rate-limited, stopped. */
  attemptsBefore: number;
  /** As it is now; ageing comes on top. */
  priority: number;
  /** Resolved: the spec's, or who submitted the task. */
  readonly fairnessKey: string;
  /** Since when the task is ready, epoch ms; while it is. */
  readyAtMs: number | undefined;
  /** An answer has let the task start. */
  approved: boolean;
  /** Times that an attempt was rate-limited. */
  rateLimits: number;
  /** Of the newest attempt, so far. */
  usage: Usage | undefined;
  /** Of the completed task. */
  result: object | undefined;
  resultRef: string | undefined;
  /** Of the newest attempt. */
  agentId: string | undefined;
  /** Why it went to that agent; undefined when nobody else was there to choose. */
  choice: AgentChoice | undefined;
  /** Of earlier attempts that did not complete; undefined before there are any. */
  pastAgents: readonly string[] | undefined;
  /** The agent's instance to which the live attempt went. */
  instance: string | undefined;
  /** End of the lease or of the back-off; `Infinity` when there is neither. */
  dueAtMs: number;
  startedAtMs: number | undefined;
  endedAtMs: number | undefined;
  exitCode: number | undefined;
  durationMs: number | undefined;
  reason: string | undefined;
  /** Only of a task that has moments of its own to pass: see `moments.ts`. */
  moments: TaskMoments | undefined;
  /** Derived: dependencies that have not ended as the task waits for, and those among them that have ended otherwise. */
  waitingFor: number;
  broken: number;
  /** Derived: the tasks that depend on this one. */
  dependants: Set<TaskState> | undefined;
  /** Said of it, and not yet followed up. */
  between: Between | undefined;
  /** Derived, while ready: the queue that the task is in, and its neighbours there. */
  demand: DemandClass | undefined;
  strand: Strand | undefined;
  earlier: TaskState | undefined;
  later: TaskState | undefined;
  /** Derived: place among the leases, the back-offs, or among the late ones of a queue (of one only), or -1. */
  heapIndex: number;
}

/** Times, epoch ms, at which something becomes of a task by itself; `Infinity` for never. */
export interface TaskMoments {
  readonly task: TaskState;
  /** Over all attempts; counted again from a retry that was asked for. */
  deadlineMs: number;
  /** While delayed. */
  notBeforeMs: number;
  /** While ready, as it was counted in the epoch; `QueueTimeouts` knows what it is now. */
  queueUntilMs: number;
  queueEpoch: number;
  /** While running, and no question of it is open. */
  progressUntilMs: number;
  /** Derived: the first of deadline and `notBeforeMs`. */
  dueAtMs: number;
  /** Derived: places among the deadlines, the progress timeouts, and the queue timeouts of the project, or -1. */
  heapIndex: number;
  progressIndex: number;
  queueIndex: number;
}

/** `gone`: deregistered, kept only until its attempts are released. */
export type SchedulerAgentPresence = 'live' | 'suspected' | 'lost' | 'gone';

export interface AgentState {
  readonly id: string;
  role: string;
  skills: readonly string[];
  labels: Readonly<Record<string, string>> | undefined;
  capacity: number;
  instance: string;
  presence: SchedulerAgentPresence;
  /** Gets nothing new until it registers again. */
  draining: boolean;
  /** Gets nothing new before that, epoch ms; `Infinity` until it is told otherwise, 0 when it is not paused. */
  pausedUntilMs: number;
  /** End of its last attempt, or its registration. */
  idleSinceMs: number;
  completed: number;
  failed: number;
  /** By kind of work; undefined before its first attempt ends. */
  record: TrackRecord | undefined;
  /** Order in which lost agents are forgotten; 0 while not lost. */
  lostSeq: number;
  /** Derived: (completed + 1) / (all + 2), so that a newcomer starts at one half. */
  successRate: number;
  /** Derived: the tasks with a live attempt here. */
  readonly live: Set<TaskState>;
  /** Of a plan in the making: tasks that it has given to the agent. 0 otherwise. */
  planned: number;
  /** Derived: live attempts and planned ones, as the heap of free agents knows them. */
  load: number;
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
  /** The state of each topic; see the folder of its name. */
  readonly quotas: Quotas;
  readonly claims: Claims;
  readonly approvals: Approvals;
  readonly budgets: Budgets;
  readonly schedules: Schedules;
  /** What follows is derived from the above. */
  readonly matching: Matching;
  /** By the end of the lease, and of the back-off. */
  readonly leases: Heap<TaskState>;
  readonly backoffs: Heap<TaskState>;
  readonly moments: Heap<TaskMoments>;
  readonly progress: Heap<TaskMoments>;
  readonly queueing: QueueTimeouts;
  openTasks: number;
  /** Tasks with a live attempt. */
  readonly live: OrderedSet<TaskState>;
  readonly deadLetters: Set<TaskState>;
  readonly awaitingApproval: OrderedSet<TaskState>;
  /** Ended runs without pins, their tasks, and what these have brought; the one that ended first is on top. */
  endedTasks: number;
  endedResultBytes: number;
  readonly endedRuns: Heap<RunState>;
  /** The one that was lost first is on top. */
  readonly lostAgents: Heap<AgentState>;
  /**
   * What `settle` has to deal with: tasks of which something is left to say, runs to cancel, tasks whose dependency has failed, runs
   * without an open task.
   */
  readonly between: OrderedSet<TaskState>;
  readonly cancelling: OrderedSet<RunState>;
  readonly doomed: OrderedSet<TaskState>;
  readonly ending: OrderedSet<RunState>;
}

/** What is not derived from other parts of the state. */
export type TopicStates = Pick<SchedulerState, 'fenced' | 'quotas' | 'claims' | 'approvals' | 'budgets' | 'schedules'>;

export const noTopicStates = (limits: SchedulerLimits): TopicStates => ({
  fenced: new RecentReports(limits.fenced),
  quotas: new Quotas(),
  claims: new Claims(),
  approvals: new Approvals(),
  budgets: new Budgets(limits),
  schedules: new Schedules(),
});

const timersHeap = (): Heap<TaskState> =>
  new Heap<TaskState>((a, b) => a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.seq < b.seq), noteIndex);

export function initialState(limits: SchedulerLimits = SCHEDULER_LIMITS, topics = noTopicStates(limits)): SchedulerState {
  return {
    limits,
    ...topics,
    tasks: new Map(),
    runs: new Map(),
    agents: new Map(),
    lastSeq: 0,
    lastEndedSeq: 0,
    lastLostSeq: 0,
    matching: new Matching(limits),
    leases: timersHeap(),
    backoffs: timersHeap(),
    moments: momentsHeap(),
    progress: progressHeap(),
    queueing: new QueueTimeouts(topics.quotas.stopped !== undefined),
    openTasks: 0,
    live: orderedBySeq(),
    deadLetters: new Set(),
    awaitingApproval: orderedBySeq(),
    endedTasks: 0,
    endedResultBytes: 0,
    endedRuns: new Heap<RunState>((a, b) => a.endedSeq < b.endedSeq, noteIndex),
    lostAgents: new Heap<AgentState>((a, b) => a.lostSeq < b.lostSeq, noteIndex),
    between: orderedBySeq(),
    cancelling: orderedBySeq(),
    doomed: orderedBySeq(),
    ending: orderedBySeq(),
  };
}

/** The assignment of one of the last attempts; undefined for one that has not been, or is too old to be remembered. */
export const assignmentOf = ({ attempt: newest, assignments }: TaskState, attempt: number): string | undefined =>
  attempt > newest ? undefined : assignments.at(attempt - newest - 1);

export const isLive = ({ status }: TaskState): boolean => status === 'assigned' || status === 'running';

export function hasEnded({ status }: TaskState): boolean {
  return isEnd(status);
}

export function isEnd(status: TaskStatus): status is TaskEnd {
  return status === 'completed' || status === 'skipped' || hasEndedBadly(status);
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
