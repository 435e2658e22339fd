import { contractsOf } from '../contract';
import { AtMs, Decimal, Flag, Id, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';
import { TASK_STATUSES, type TaskStatus } from './scheduler.queries';

export class ExplainTask {
  @Id() taskId!: string;
}

export const WAIT_REASONS = [
  'dependency',
  'not-before',
  'backoff',
  'approval',
  'stopped',
  'limit',
  'rate',
  'claim',
  'budget',
  'no-agent',
  'agents-busy',
  'queue',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

/** One thing that stands between a task and an agent. */
export class Waiting {
  @OneOf(WAIT_REASONS) reason!: WaitReason;
  /** Which: a task, a limit, a holder of a claim, a budget, an agent. */
  @Optional() @Text({ max: 600 }) what?: string;
  @Text({ max: 2000 }) message!: string;
  @Optional() @AtMs() untilMs?: number;
}

/** Each weighted, as they are added up. */
export class ScoreParts {
  @Decimal({ min: 0, max: 1000 }) successRate!: number;
  @Decimal({ min: 0, max: 1000 }) load!: number;
  @Decimal({ min: 0, max: 1000 }) preferred!: number;
  @Decimal({ min: 0, max: 1000 }) affinity!: number;
  @Decimal({ min: 0, max: 1000 }) idle!: number;
}

export class Misfit {
  @Text({ max: 200 }) message!: string;
}

/** How an agent of the task's role stands to it. */
export class Candidate {
  @Id() agentId!: string;
  @Flag() fits!: boolean;
  /** Why it cannot have the task; empty when it can. */
  @ListOf(() => Misfit, { max: 64 }) misfits!: Misfit[];
  /** The sum of the parts below; absent when it does not fit. */
  @Optional() @Decimal({ min: -1000, max: 1000 }) score?: number;
  @Optional() @Nested(() => ScoreParts) parts?: ScoreParts;
}

export class TaskExplained {
  @Id() taskId!: string;
  @OneOf(TASK_STATUSES) status!: TaskStatus;
  /** Everything that it waits for now; empty when it waits for nothing. */
  @ListOf(() => Waiting, { max: 1100 }) waiting!: Waiting[];
  @Optional() @Whole({ min: 0, max: 9 }) priority?: number;
  /** As ageing has raised it. */
  @Optional() @Whole({ min: 0, max: 9 }) effectivePriority?: number;
  /** Ready tasks of the same requirements that come before it. At most 1000 are counted. */
  @Optional() @Whole() ahead?: number;
  /** The best 20, and then those that do not fit. */
  @ListOf(() => Candidate, { max: 100 }) candidates!: Candidate[];
  @Optional() @Id() agentId?: string;
  @Text({ max: 4000 }) summary!: string;
}

export class TaskExplanation {
  @Optional() @Nested(() => TaskExplained) explanation?: TaskExplained;
}

const { query } = contractsOf('scheduler');
export const explainQueries = [query('ExplainTask', ExplainTask, TaskExplanation)] as const;
