import {
  Decimal,
  Describe,
  Duration,
  EnvMap,
  Flag,
  Id,
  Ids,
  Labels,
  ListOf,
  Name,
  Names,
  Nested,
  OneOf,
  Optional,
  Skills,
  Text,
  Verbatim,
  Whole,
} from '../field';
import {
  Affinity,
  APPROVAL_TIMEOUT_POLICIES,
  type ApprovalTimeoutPolicy,
  CLAIM_PATHS_MAX,
  EDGE_CONDITIONS,
  type EdgeCondition,
  EvidenceSpec,
  FAILURE_POLICIES,
  type FailurePolicy,
  PathClaim,
} from '../scheduler/task-options';
import { DEPENDENCIES_MAX } from '../scheduler/task-spec';

/** A dependency that waits for a certain ending. */
export class PlanEdge {
  @Describe('A key of the plan, or the full id of a task of another run.') @Id() task!: string;
  @Describe('completion: it has ended, however.') @OneOf(EDGE_CONDITIONS) on!: EdgeCondition;
}

/** Somebody has to agree before the task starts. */
export class PlanApproval {
  @Optional() @Text({ min: 1, max: 2000 }) question?: string;
  @Describe('From 1s to 30d; default 24h.') @Optional() @Duration() timeout?: string;
  @Describe('Default deny.') @Optional() @OneOf(APPROVAL_TIMEOUT_POLICIES) onTimeout?: ApprovalTimeoutPolicy;
  @Describe('The role that an escalation asks; default project-manager.') @Optional() @Name() escalateTo?: string;
}

/** What may be spent, or is expected to be; absent fields are not limited, and not known. */
export class PlanAmounts {
  @Describe('Input and output tokens together.') @Optional() @Whole({ min: 0 }) tokens?: number;
  @Optional() @Decimal({ min: 0, max: 1_000_000_000 }) costUsd?: number;
  @Describe('Time of attempts, such as 30m.') @Optional() @Duration() wall?: string;
}

export class PlanTask {
  @Describe('Unique in the plan.') @Id() key!: string;
  @Optional() @Text({ min: 1, max: 200 }) title?: string;
  @Name() role!: string;
  @Describe('What sort of work it is: agents have a track record for each; default task.') @Optional() @Name() kind?: string;
  @Describe('Required, all of them, each at least at its level: typescript:3.') @Optional() @Skills({ max: 32 }) skills?: string[];
  @Describe('Wished for: agents that have them come first.') @Optional() @Skills({ max: 32 }) prefer?: string[];
  @Describe('Labels that the agent must have, with these values.') @Optional() @Labels() labels?: Record<string, string>;
  @Describe('Keys of the plan, or full ids of tasks of other runs, whose agents are preferred or ruled out.')
  @Optional()
  @Nested(() => Affinity)
  affinity?: Affinity;
  @Describe('A shell command; exactly one of run and prompt.') @Optional() @Verbatim() @Text({ min: 1, max: 32_768 }) run?: string;
  @Describe('An instruction for a coding agent; exactly one of run and prompt.') @Optional() @Text({ min: 1, max: 32_768 }) prompt?: string;
  @Optional() @Verbatim() @Text({ min: 1, max: 4096 }) cwd?: string;
  @Optional() @EnvMap() env?: Record<string, string>;
  @Describe('Tasks that must complete first: keys of the plan, or full ids of tasks of other runs.')
  @Optional()
  @Ids({ max: DEPENDENCIES_MAX })
  dependsOn?: string[];
  @Describe('Dependencies that wait for another ending than success.')
  @Optional()
  @ListOf(() => PlanEdge, { max: DEPENDENCIES_MAX })
  after?: PlanEdge[];
  @Describe('What becomes of the task when a dependency ends otherwise than it waits for; default skip.')
  @Optional()
  @OneOf(FAILURE_POLICIES)
  onDependencyFailure?: FailurePolicy;
  @Describe('0 is first, 9 is last; default 5.') @Optional() @Whole({ min: 0, max: 9 }) priority?: number;
  @Describe('Tasks of one priority come from the keys in turn; default: who submits the plan.') @Optional() @Id() fairnessKey?: string;
  @Describe('Each lets as many tasks run at a time as its limit says.') @Optional() @Names({ max: 8 }) semaphores?: string[];
  @Describe('A moment (2026-11-23T09:00+01:00, UTC unless it says otherwise), or so long from submission (15m).')
  @Optional()
  @Text({ min: 2, max: 40 })
  notBefore?: string;
  @Describe('Of one attempt, such as 30s or 10m; default 30m, or the deadline when that is shorter.')
  @Optional()
  @Duration()
  timeout?: string;
  @Describe('From ready to assigned, at most.') @Optional() @Duration() queueTimeout?: string;
  @Describe('From submission to the end, over all attempts.') @Optional() @Duration() deadline?: string;
  @Describe('Between two reports of progress.') @Optional() @Duration() progressTimeout?: string;
  @Describe('Attempts after the first; default 2.') @Optional() @Whole({ min: 0, max: 100 }) retries?: number;
  @Describe('Paths that no other task in flight may claim against these.')
  @Optional()
  @ListOf(() => PathClaim, { max: CLAIM_PATHS_MAX })
  claims?: PathClaim[];
  @Optional() @Nested(() => PlanApproval) approval?: PlanApproval;
  @Describe('What all attempts together may use.') @Optional() @Nested(() => PlanAmounts) budget?: PlanAmounts;
  @Describe('Reserved in every budget before the task is assigned.') @Optional() @Nested(() => PlanAmounts) estimate?: PlanAmounts;
  @Describe('Its agent reports what it uses; an attempt without a report counts as its whole estimate, and fails.')
  @Optional()
  @Flag()
  metered?: boolean;
  @Describe('What has to be shown before a result is accepted.') @Optional() @Nested(() => EvidenceSpec) evidence?: EvidenceSpec;
}
