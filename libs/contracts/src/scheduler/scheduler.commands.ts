import type { AnyCommand } from '@torch/kernel';
import { contractsOf } from '../contract';
import { Id, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';
import { OUTPUT_TAIL_CHARS_MAX, Usage } from './scheduler.events';
import { TaskSpec } from './task-spec';

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
}

export class FailTask {
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() assignment!: string;
  @Id() agentId!: string;
  /** `permanent`: no retry can mend it. */
  @OneOf(['retryable', 'permanent']) class!: 'retryable' | 'permanent';
  @OneOf(['exit-code', 'timeout', 'harness']) reason!: 'exit-code' | 'timeout' | 'harness';
  @Text({ max: 2000 }) message!: string;
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  @Optional() @Whole() durationMs?: number;
  @Optional() @Text({ max: OUTPUT_TAIL_CHARS_MAX }) outputTail?: string;
  @Optional() @Nested(() => Usage) usage?: Usage;
}

export class CancelTask {
  @Id() taskId!: string;
  @Text({ max: 2000 }) reason!: string;
}

export class CancelRun {
  @Id() runId!: string;
  @Text({ max: 2000 }) reason!: string;
}

/** Puts a failed, dead-lettered or cancelled task back into the queue with a fresh set of attempts. */
export class RetryTask {
  @Id() taskId!: string;
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
  | AnyCommand<'RecordFencedAttempt', RecordFencedAttempt>;
