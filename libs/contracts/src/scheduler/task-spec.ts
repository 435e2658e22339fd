import {
  AtMs,
  Describe,
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
  Amounts,
  ApprovalSpec,
  CLAIM_PATHS_MAX,
  DependencyEdge,
  EvidenceSpec,
  FAILURE_POLICIES,
  type FailurePolicy,
  PathClaim,
} from './task-options';

export const PRIORITY_DEFAULT = 5;
export const TIMEOUT_MS_DEFAULT = 30 * 60_000;
/** Of one attempt. */
export const TIMEOUT_MS_MIN = 100;
export const TIMEOUT_MS_MAX = 7 * 24 * 3_600_000;
/** Attempts after the first that a task gets, unless its spec says otherwise. */
export const RETRIES_DEFAULT = 2;
export const DEADLINE_MS_MAX = 90 * 24 * 3_600_000;
export const DEPENDENCIES_MAX = 1000;
export const KIND_DEFAULT = 'task';

/** What a task is, once every default is filled in. */
export class TaskSpec {
  @Id() taskId!: string;
  /** Unique in its run; how people and plans name the task. */
  @Describe('Unique in its run.') @Id() key!: string;
  @Text({ min: 1, max: 200 }) title!: string;
  @Name() role!: string;
  /** All of them, each at least at its level. */
  @Skills({ max: 32 }) skills!: string[];
  @Skills({ max: 32 }) prefer!: string[];
  @Optional() @Verbatim() @Text({ min: 1, max: 32_768 }) run?: string;
  @Optional() @Text({ min: 1, max: 32_768 }) prompt?: string;
  @Optional() @Verbatim() @Text({ min: 1, max: 4096 }) cwd?: string;
  @Optional() @EnvMap() env?: Record<string, string>;
  /** Task ids, of this run or of an earlier one, that must complete first. */
  @Ids({ max: DEPENDENCIES_MAX }) dependsOn!: string[];
  /** 0 is first, 9 is last. */
  @Whole({ min: 0, max: 9 }) priority!: number;
  /** Of one attempt, from its start. */
  @Whole({ min: TIMEOUT_MS_MIN, max: TIMEOUT_MS_MAX }) timeoutMs!: number;
  /** Attempts after the first. */
  @Whole({ min: 0, max: 100 }) retries!: number;
  /** What sort of work it is: agents have a track record for each. Default `task`. */
  @Optional() @Name() kind?: string;
  @Describe('Labels that the agent must have, with these values.') @Optional() @Labels() labels?: Record<string, string>;
  @Optional() @Nested(() => Affinity) affinity?: Affinity;
  /** Shares of one priority go to keys in turn. Default: who submitted it. */
  @Optional() @Id() fairnessKey?: string;
  /** Each lets as many tasks run at a time as its limit says. */
  @Optional() @Names({ max: 8 }) semaphores?: string[];
  @Optional() @AtMs() notBeforeMs?: number;
  /** From ready to assigned, at most. */
  @Optional() @Whole({ min: TIMEOUT_MS_MIN, max: DEADLINE_MS_MAX }) queueTimeoutMs?: number;
  /** From submission to the end, over all attempts. */
  @Optional() @Whole({ min: TIMEOUT_MS_MIN, max: DEADLINE_MS_MAX }) deadlineMs?: number;
  /** Between two reports of progress. */
  @Optional() @Whole({ min: TIMEOUT_MS_MIN, max: TIMEOUT_MS_MAX }) progressTimeoutMs?: number;
  /** Dependencies that wait for another ending than success. */
  @Optional() @ListOf(() => DependencyEdge, { max: DEPENDENCIES_MAX }) after?: DependencyEdge[];
  /** Default `skip`. */
  @Optional() @OneOf(FAILURE_POLICIES) onDependencyFailure?: FailurePolicy;
  /** Held by every attempt of the task from assignment to end. */
  @Optional() @ListOf(() => PathClaim, { max: CLAIM_PATHS_MAX }) claims?: PathClaim[];
  @Optional() @Nested(() => ApprovalSpec) approval?: ApprovalSpec;
  /** What all attempts together may use. */
  @Optional() @Nested(() => Amounts) budget?: Amounts;
  /** Reserved in every budget that the task counts against before it is assigned. */
  @Optional() @Nested(() => Amounts) estimate?: Amounts;
  /** Its agent reports what it uses; an attempt that ends without a report counts as its whole estimate, and fails. */
  @Optional() @Flag() metered?: boolean;
  @Optional() @Nested(() => EvidenceSpec) evidence?: EvidenceSpec;
}
