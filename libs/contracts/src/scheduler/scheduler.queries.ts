import { contractsOf } from '../contract';
import { AnyObject, AtMs, Id, ListOf, Name, Nested, OneOf, Optional, Text, Whole } from '../field';
import { approvalQueries } from './approvals.contracts';
import { budgetQueries } from './budgets.contracts';
import { claimQueries } from './claims.contracts';
import { limitQueries } from './limits.contracts';
import { scheduleQueries } from './schedules.contracts';
import { RUN_STATUSES, type RunStatus } from './scheduler.events';
import { Usage } from './attempt.shapes';
import { TaskSpec } from './task-spec';

export const TASK_STATUSES = [
  'blocked',
  'awaiting-approval',
  'delayed',
  'ready',
  'assigned',
  'running',
  'backing-off',
  'completed',
  'failed',
  'dead-lettered',
  'cancelled',
  'skipped',
] as const;
/**
 * `blocked`: waits for its dependencies; `delayed`: for its time; `ready`: for an agent; `assigned`: leased, not yet started;
 * `skipped`: left out, because a dependency ended otherwise than it waited for.
 */
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** What a task is given of a task that it depends on. */
export class TaskInput {
  @Id() taskId!: string;
  @Id() key!: string;
  @OneOf(TASK_STATUSES) status!: TaskStatus;
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  /** Absent when all results together pass `INPUTS_BYTES_MAX`: then it is to be asked for by its task id. */
  @Optional() @AnyObject() result?: object;
  @Optional() @Text({ max: 2000 }) resultRef?: string;
  @Optional() @Text({ max: 2000 }) reason?: string;
}
/** Of the results that come with a task. */
export const INPUTS_BYTES_MAX = 32_768;

export class TaskView {
  @Id() runId!: string;
  @Nested(() => TaskSpec) spec!: TaskSpec;
  @OneOf(TASK_STATUSES) status!: TaskStatus;
  /** Attempts so far, the live one included. */
  @Whole() attempt!: number;
  /** Of the newest attempt: see `task.assigned`. */
  @Optional() @Id() assignment?: string;
  @Optional() @Id() agentId?: string;
  @AtMs() submittedAtMs!: number;
  @Optional() @AtMs() startedAtMs?: number;
  @Optional() @AtMs() endedAtMs?: number;
  @Optional() @AtMs() leaseUntilMs?: number;
  @Optional() @AtMs() retryAtMs?: number;
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  @Optional() @Whole() durationMs?: number;
  @Optional() @Text({ max: 2000 }) reason?: string;
  /** As it is now; the spec has what it was submitted with. */
  @Optional() @Whole({ min: 0, max: 9 }) priority?: number;
  @Optional() @AnyObject() result?: object;
  @Optional() @Text({ max: 2000 }) resultRef?: string;
  @Optional() @Nested(() => Usage) usage?: Usage;
  /** Of an attempt's task: how its dependencies ended. */
  @Optional() @ListOf(() => TaskInput, { max: 1000 }) inputs?: TaskInput[];
  /** The correlation id and trace context under which the task was submitted. */
  @Id() correlationId!: string;
  @Optional() @Text({ max: 64 }) traceparent?: string;
}

export class GetTask {
  @Id() taskId!: string;
}

export class TaskFound {
  @Optional() @Nested(() => TaskView) task?: TaskView;
}

export class ListTasks {
  @Optional() @Id() runId?: string;
  @Optional() @OneOf(TASK_STATUSES) status?: TaskStatus;
  @Optional() @Name() role?: string;
  @Optional() @Whole({ min: 1, max: 2000 }) limit?: number;
  /** The `taskId` after which the page starts; pages come in order of submission. */
  @Optional() @Id() after?: string;
}

export class TaskList {
  @ListOf(() => TaskView, { max: 2000 }) tasks!: TaskView[];
  @Optional() @Id() next?: string;
}

export class RunView {
  @Id() runId!: string;
  @Optional() @Text({ max: 200 }) name?: string;
  @OneOf(RUN_STATUSES) status!: RunStatus;
  @Whole() total!: number;
  @Whole() completed!: number;
  @Whole() failed!: number;
  @Whole() cancelled!: number;
  @Whole() deadLettered!: number;
  @Whole() skipped!: number;
  @AtMs() submittedAtMs!: number;
  @Optional() @AtMs() endedAtMs?: number;
}

export class GetRun {
  @Id() runId!: string;
}

export class RunFound {
  @Optional() @Nested(() => RunView) run?: RunView;
}

export class ListRuns {
  @Optional() @Whole({ min: 1, max: 1000 }) limit?: number;
}

/** Newest first. */
export class RunList {
  @ListOf(() => RunView, { max: 1000 }) runs!: RunView[];
}

/** The live attempts of one agent: what it is sent again when it connects. */
export class ListAgentWork {
  @Id() agentId!: string;
}

const { query } = contractsOf('scheduler');

export const schedulerQueries = [
  query('GetTask', GetTask, TaskFound),
  query('ListTasks', ListTasks, TaskList),
  query('GetRun', GetRun, RunFound),
  query('ListRuns', ListRuns, RunList),
  query('ListAgentWork', ListAgentWork, TaskList),
  ...limitQueries,
  ...claimQueries,
  ...approvalQueries,
  ...budgetQueries,
  ...scheduleQueries,
] as const;
