import type { EventEnvelope } from '@torch/kernel';
import { asItWas, contractsOf } from '../contract';
import { AnyObject, AtMs, Id, Labels, Name, Nested, OneOf, Optional, Skills, Text, Whole } from '../field';
import { approvalEvents, type ApprovalEvent } from './approvals.contracts';
import { budgetEvents, type BudgetEvent } from './budgets.contracts';
import { claimEvents, type ClaimEvent } from './claims.contracts';
import { limitEvents, type LimitEvent } from './limits.contracts';
import { scheduleEvents, type ScheduleEvent } from './schedules.contracts';
import { Evidence } from './task-options';
import { AgentChoice, Usage } from './attempt.shapes';
import { TaskSpec } from './task-spec';

export const ATTEMPT_FAILURES = [
  'exit-code',
  'timeout',
  'harness',
  'lease-expired',
  'agent-lost',
  'agent-gone',
  'rate-limited',
  'budget',
  'stopped',
  'progress-timeout',
  'deadline',
  'evidence-missing',
] as const;
/**
 * Why an attempt failed. `agent-gone`: its agent was deregistered or replaced by another instance; `stopped`: the project's work
 * was; `deadline`: the task's own; `evidence-missing`: the result was not accepted.
 */
export type AttemptFailure = (typeof ATTEMPT_FAILURES)[number];

/** `rate-limited`: again at a given time, and no attempt is spent. `budget`: there is nothing left to spend. */
export const FAILURE_CLASSES = ['retryable', 'permanent', 'rate-limited', 'budget'] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

export const RUN_STATUSES = ['running', 'completed', 'failed', 'cancelled'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const OUTPUT_TAIL_CHARS_MAX = 4096;
/** Of a task's result, as JSON; a larger one goes by reference. */
export const RESULT_BYTES_MAX = 16_384;

export class RunSubmitted {
  @Id() runId!: string;
  @Optional() @Text({ min: 1, max: 200 }) name?: string;
  @Whole({ min: 1 }) tasks!: number;
  @AtMs() submittedAtMs!: number;
}

/** Somebody asked for the run's end: its open tasks are cancelled by further events, then the run ends. */
export class RunCancelRequested {
  @Id() runId!: string;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() requestedAtMs!: number;
}

export class RunEnded {
  @Id() runId!: string;
  @OneOf(['completed', 'failed', 'cancelled']) status!: Exclude<RunStatus, 'running'>;
  @Whole() completed!: number;
  @Whole() failed!: number;
  @Whole() cancelled!: number;
  @Whole() deadLettered!: number;
  /** Tasks whose dependency ended otherwise than they waited for; they do not count against the run. */
  @Optional() @Whole() skipped?: number;
  @AtMs() endedAtMs!: number;
}

export class TaskSubmitted {
  @Id() runId!: string;
  @Nested(() => TaskSpec) spec!: TaskSpec;
  @AtMs() submittedAtMs!: number;
}

export class TaskAssigned {
  @Id() taskId!: string;
  /** From 1; fences the results of older attempts. */
  @Whole({ min: 1 }) attempt!: number;
  /**
   * Fresh with every assignment, and so unique to this event: tells an attempt from one of the same number in a history
   * that the log has lost.
   */
  @Id() assignment!: string;
  @Id() agentId!: string;
  /** The agent must have started by then. */
  @AtMs() leaseUntilMs!: number;
  /** Absent when nobody else was there to choose. */
  @Optional() @Nested(() => AgentChoice) choice?: AgentChoice;
  @AtMs() assignedAtMs!: number;
}

export class TaskStarted {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() agentId!: string;
  /** A result must have come by then: the attempt's timeout and a grace. */
  @AtMs() leaseUntilMs!: number;
  @AtMs() startedAtMs!: number;
}

export class TaskProgressed {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() agentId!: string;
  @Optional() @Text({ max: 2000 }) note?: string;
  @Optional() @Whole({ min: 0, max: 100 }) percent?: number;
  @Optional() @Nested(() => Usage) usage?: Usage;
  @AtMs() reportedAtMs!: number;
}

export class TaskCompleted {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() agentId!: string;
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  @Whole() durationMs!: number;
  @Optional() @Text({ max: OUTPUT_TAIL_CHARS_MAX }) outputTail?: string;
  @Optional() @Nested(() => Usage) usage?: Usage;
  /** For the tasks that depend on this one; up to `RESULT_BYTES_MAX`. */
  @Optional() @AnyObject() result?: object;
  /** Where a larger result is. */
  @Optional() @Text({ min: 1, max: 2000 }) resultRef?: string;
  @Optional() @Nested(() => Evidence) evidence?: Evidence;
  @AtMs() completedAtMs!: number;
}

/** One attempt did not work out. The task itself is then retried, failed or dead-lettered by a further event. */
export class TaskAttemptFailed {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() agentId!: string;
  @OneOf(ATTEMPT_FAILURES) reason!: AttemptFailure;
  @Text({ max: 2000 }) message!: string;
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  @Optional() @Whole() durationMs?: number;
  @Optional() @Text({ max: OUTPUT_TAIL_CHARS_MAX }) outputTail?: string;
  @Optional() @Nested(() => Usage) usage?: Usage;
  @AtMs() failedAtMs!: number;
}

export class TaskRetryScheduled {
  @Id() taskId!: string;
  /** The attempt that failed. */
  @Whole({ min: 1 }) attempt!: number;
  @AtMs() retryAtMs!: number;
}

export const REQUEUE_REASONS = ['backoff-over', 'retry-asked', 'not-before-reached', 'approved', 'stopped'] as const;
export type RequeueReason = (typeof REQUEUE_REASONS)[number];

/** The task is ready for its next attempt. */
export class TaskRequeued {
  @Id() taskId!: string;
  @OneOf(REQUEUE_REASONS) reason!: RequeueReason;
  @AtMs() requeuedAtMs!: number;
}

/** A dependency ended otherwise than the task waits for, and its policy is to be left out. */
export class TaskSkipped {
  @Id() taskId!: string;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() skippedAtMs!: number;
}

export class TaskPriorityChanged {
  @Id() taskId!: string;
  @Whole({ min: 0, max: 9 }) priority!: number;
  @AtMs() changedAtMs!: number;
}

/** A failure that no retry can mend. */
export class TaskFailed {
  @Id() taskId!: string;
  @Whole() attempts!: number;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() failedAtMs!: number;
}

export class TaskDeadLettered {
  @Id() taskId!: string;
  @Whole() attempts!: number;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() deadLetteredAtMs!: number;
}

export class TaskCancelled {
  @Id() taskId!: string;
  @Text({ max: 2000 }) reason!: string;
  /** The live attempt that is to be stopped, and its agent. */
  @Optional() @Whole({ min: 1 }) attempt?: number;
  @Optional() @Id() agentId?: string;
  @AtMs() cancelledAtMs!: number;
}

/** A result that came for an attempt that is not the live one, or for a task that the log does not hold: recorded, never applied. */
export class TaskResultIgnored {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  /** Under which the agent had the attempt; older events do not say. */
  @Optional() @Id() assignment?: string;
  @Id() agentId!: string;
  @OneOf(['completed', 'failed']) outcome!: 'completed' | 'failed';
  @Text({ max: 2000 }) reason!: string;
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  @AtMs() ignoredAtMs!: number;
}

/** An agent held an attempt that the log does not know, because a lost tail had made it: it was stopped. */
export class AttemptFenced {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() assignment!: string;
  @Id() agentId!: string;
  /** What the log holds instead. */
  @Text({ max: 2000 }) reason!: string;
  @AtMs() fencedAtMs!: number;
}

/**
 * How many ready tasks of one kind wait, and whether any live agent fits at all. Written when `waiting` passes a
 * power of two or becomes 0, so that a draining queue does not fill the log.
 */
export class DemandChanged {
  @Name() role!: string;
  /** Required skills, sorted. */
  @Skills({ max: 32 }) skills!: string[];
  @Optional() @Labels() labels?: Record<string, string>;
  @Whole() waiting!: number;
  @Whole() fittingAgents!: number;
  @AtMs() changedAtMs!: number;
}

/** Assignments had no id of their own at first; their time told them apart. */
const withAssignment = (data: Omit<TaskAssigned, 'assignment'>): TaskAssigned => ({ ...data, assignment: `v1:${data.assignedAtMs}` });

const { event } = contractsOf('scheduler');

export const schedulerEvents = [
  event('run.submitted', RunSubmitted),
  event('run.cancel-requested', RunCancelRequested),
  event('run.ended', RunEnded, { v: 2, upcasters: [asItWas] }),
  event('task.submitted', TaskSubmitted, { v: 2, upcasters: [asItWas] }),
  event('task.assigned', TaskAssigned, { v: 3, upcasters: [withAssignment, asItWas] }),
  event('task.started', TaskStarted),
  event('task.progressed', TaskProgressed),
  event('task.completed', TaskCompleted, { v: 2, upcasters: [asItWas] }),
  event('task.attempt-failed', TaskAttemptFailed, { v: 2, upcasters: [asItWas] }),
  event('task.retry-scheduled', TaskRetryScheduled),
  event('task.requeued', TaskRequeued, { v: 2, upcasters: [asItWas] }),
  event('task.skipped', TaskSkipped),
  event('task.priority-changed', TaskPriorityChanged),
  event('task.failed', TaskFailed),
  event('task.dead-lettered', TaskDeadLettered),
  event('task.cancelled', TaskCancelled),
  event('task.result-ignored', TaskResultIgnored, { v: 2, upcasters: [asItWas] }),
  event('attempt.fenced', AttemptFenced),
  event('demand.changed', DemandChanged, { v: 2, upcasters: [asItWas] }),
  ...limitEvents,
  ...claimEvents,
  ...approvalEvents,
  ...budgetEvents,
  ...scheduleEvents,
] as const;

export type SchedulerEvent =
  | EventEnvelope<'run.submitted', RunSubmitted>
  | EventEnvelope<'run.cancel-requested', RunCancelRequested>
  | EventEnvelope<'run.ended', RunEnded>
  | EventEnvelope<'task.submitted', TaskSubmitted>
  | EventEnvelope<'task.assigned', TaskAssigned>
  | EventEnvelope<'task.started', TaskStarted>
  | EventEnvelope<'task.progressed', TaskProgressed>
  | EventEnvelope<'task.completed', TaskCompleted>
  | EventEnvelope<'task.attempt-failed', TaskAttemptFailed>
  | EventEnvelope<'task.retry-scheduled', TaskRetryScheduled>
  | EventEnvelope<'task.requeued', TaskRequeued>
  | EventEnvelope<'task.skipped', TaskSkipped>
  | EventEnvelope<'task.priority-changed', TaskPriorityChanged>
  | EventEnvelope<'task.failed', TaskFailed>
  | EventEnvelope<'task.dead-lettered', TaskDeadLettered>
  | EventEnvelope<'task.cancelled', TaskCancelled>
  | EventEnvelope<'task.result-ignored', TaskResultIgnored>
  | EventEnvelope<'attempt.fenced', AttemptFenced>
  | EventEnvelope<'demand.changed', DemandChanged>
  | LimitEvent
  | ClaimEvent
  | ApprovalEvent
  | BudgetEvent
  | ScheduleEvent;
