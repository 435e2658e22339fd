import { contractsOf } from '../contract';
import { AtMs, Id, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';
import { RUN_STATUSES, type RunStatus } from './scheduler.events';
import { TaskSpec } from './task-spec';

export const TASK_STATUSES = [
  'blocked',
  'ready',
  'assigned',
  'running',
  'backing-off',
  'completed',
  'failed',
  'dead-lettered',
  'cancelled',
] as const;
/** `blocked`: waits for its dependencies; `ready`: waits for an agent; `assigned`: leased, not yet started. */
export type TaskStatus = (typeof TASK_STATUSES)[number];

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
] as const;
