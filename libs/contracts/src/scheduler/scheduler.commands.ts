import type { AnyCommand } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AnyObject, AtMs, Flag, Id, Ids, ListOf, Name, Nested, OneOf, Optional, Text, Whole } from '../field';
import { approvalCommands, type ApprovalCommand } from './approvals.contracts';
import { budgetCommands, type BudgetCommand } from './budgets.contracts';
import { claimCommands, type ClaimCommand } from './claims.contracts';
import { limitCommands, type LimitCommand } from './limits.contracts';
import { FAILURE_CLASSES, type FailureClass, OUTPUT_TAIL_CHARS_MAX } from './scheduler.events';
import { Usage } from './attempt.shapes';
import { scheduleCommands, type ScheduleCommand } from './schedules.contracts';
import { Evidence } from './task-options';
import { TaskSpec } from './task-spec';

export const MOMENTS = ['not-before', 'queue-timeout', 'deadline', 'progress-timeout'] as const;
export type Moment = (typeof MOMENTS)[number];

/** Tasks of one run; a larger plan is refused whole. */
export const RUN_TASKS_MAX = 2000;

/** All tasks of a plan, or none. */
export class SubmitRun {
  @Id() runId!: string;
  @Optional() @Text({ min: 1, max: 200 }) name?: string;
  @ListOf(() => TaskSpec, { min: 1, max: RUN_TASKS_MAX }) tasks!: TaskSpec[];
}

export class StartTask {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  /** Of the event that made the attempt: `task.assigned` and the agent's `work` say it. */
  @Id() assignment!: string;
  @Id() agentId!: string;
}

export class ReportProgress {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() assignment!: string;
  @Id() agentId!: string;
  @Optional() @Text({ max: 2000 }) note?: string;
  @Optional() @Whole({ min: 0, max: 100 }) percent?: number;
  @Optional() @Nested(() => Usage) usage?: Usage;
}

export class CompleteTask {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() assignment!: string;
  @Id() agentId!: string;
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  @Whole() durationMs!: number;
  @Optional() @Text({ max: OUTPUT_TAIL_CHARS_MAX }) outputTail?: string;
  @Optional() @Nested(() => Usage) usage?: Usage;
  /** For the tasks that depend on this one; up to `RESULT_BYTES_MAX` as JSON. */
  @Optional() @AnyObject() result?: object;
  @Optional() @Text({ min: 1, max: 2000 }) resultRef?: string;
  @Optional() @Nested(() => Evidence) evidence?: Evidence;
}

export class FailTask {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() assignment!: string;
  @Id() agentId!: string;
  /** `permanent`: no retry can mend it. */
  @OneOf(FAILURE_CLASSES) class!: FailureClass;
  /** With `rate-limited`, which needs it: when to try again. */
  @Optional() @AtMs() retryAtMs?: number;
  @OneOf(['exit-code', 'timeout', 'harness']) reason!: 'exit-code' | 'timeout' | 'harness';
  @Text({ max: 2000 }) message!: string;
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  @Optional() @Whole() durationMs?: number;
  @Optional() @Text({ max: OUTPUT_TAIL_CHARS_MAX }) outputTail?: string;
  @Optional() @Nested(() => Usage) usage?: Usage;
}

/** Cancelled already, it changes nothing. */
export class CancelTask {
  @Id() taskId!: string;
  @Text({ max: 2000 }) reason!: string;
  /** Also everything that depends on it, directly or not. */
  @Optional() @Flag() subtree?: boolean;
}

export class ChangePriority {
  @Id() taskId!: string;
  @Whole({ min: 0, max: 9 }) priority!: number;
}

/** Dead letters that one request takes up again at most. */
export const REDRIVE_MAX = 500;
/** Takes dead letters up again: those named, or those that fit the filter, the oldest first. */
export class RedriveTasks {
  @Optional() @Ids({ min: 1, max: REDRIVE_MAX }) taskIds?: string[];
  @Optional() @Id() runId?: string;
  @Optional() @Name() role?: string;
  @Optional() @Name() kind?: string;
  /** Text that the reason contains. */
  @Optional() @Text({ min: 1, max: 200 }) reason?: string;
  @Optional() @Whole({ min: 1, max: REDRIVE_MAX }) limit?: number;
}

export class CancelRun {
  @Id() runId!: string;
  @Text({ max: 2000 }) reason!: string;
}

/** Puts a failed, dead-lettered or cancelled task back into the queue with a fresh set of attempts. */
export class RetryTask {
  @Id() taskId!: string;
}

/** From the scheduler's own timer: queue timeout, deadline, progress timeout, or the time that a task was not to start before. */
export class PassMoment {
  @Id() taskId!: string;
  @OneOf(MOMENTS) moment!: Moment;
  @AtMs() dueAtMs!: number;
}

/** From the scheduler's own timer. */
export class ExpireLease {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
}

/** From the scheduler's own timer. */
export class EndBackoff {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
}

/** From the scheduler's own reaction: the agent is lost, gone or replaced, so its live attempts are over. */
export class ReleaseAgent {
  @Id() agentId!: string;
  @OneOf(['agent-lost', 'agent-gone']) reason!: 'agent-lost' | 'agent-gone';
}

/** The agent holds, or has just stopped, an attempt that is not among those that the log has for it. */
export class RecordFencedAttempt {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() assignment!: string;
  @Id() agentId!: string;
}

const { command } = contractsOf('scheduler');

export const schedulerCommands = [
  command('SubmitRun', SubmitRun),
  command('StartTask', StartTask),
  command('ReportProgress', ReportProgress),
  command('CompleteTask', CompleteTask),
  command('FailTask', FailTask),
  command('CancelTask', CancelTask),
  command('CancelRun', CancelRun),
  command('RetryTask', RetryTask),
  command('ExpireLease', ExpireLease),
  command('EndBackoff', EndBackoff),
  command('ReleaseAgent', ReleaseAgent),
  command('RecordFencedAttempt', RecordFencedAttempt),
  command('ChangePriority', ChangePriority),
  command('RedriveTasks', RedriveTasks),
  command('PassMoment', PassMoment),
  ...limitCommands,
  ...claimCommands,
  ...approvalCommands,
  ...budgetCommands,
  ...scheduleCommands,
] as const;

export type SchedulerCommand =
  | AnyCommand<'SubmitRun', SubmitRun>
  | AnyCommand<'StartTask', StartTask>
  | AnyCommand<'ReportProgress', ReportProgress>
  | AnyCommand<'CompleteTask', CompleteTask>
  | AnyCommand<'FailTask', FailTask>
  | AnyCommand<'CancelTask', CancelTask>
  | AnyCommand<'CancelRun', CancelRun>
  | AnyCommand<'RetryTask', RetryTask>
  | AnyCommand<'ExpireLease', ExpireLease>
  | AnyCommand<'EndBackoff', EndBackoff>
  | AnyCommand<'ReleaseAgent', ReleaseAgent>
  | AnyCommand<'RecordFencedAttempt', RecordFencedAttempt>
  | AnyCommand<'ChangePriority', ChangePriority>
  | AnyCommand<'RedriveTasks', RedriveTasks>
  | AnyCommand<'PassMoment', PassMoment>
  | LimitCommand
  | ClaimCommand
  | ApprovalCommand
  | BudgetCommand
  | ScheduleCommand;
