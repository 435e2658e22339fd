import { Decimal, Describe, Flag, Id, Ids, ListOf, Name, Nested, OneOf, Optional, Text, Verbatim, Whole } from '../field';

/** Of a dependency other than "it has completed". */
export const EDGE_CONDITIONS = ['success', 'failure', 'completion'] as const;
/** `completion`: it has ended, however. */
export type EdgeCondition = (typeof EDGE_CONDITIONS)[number];

/** A dependency that waits for a certain ending. */
export class DependencyEdge {
  @Id() taskId!: string;
  @OneOf(EDGE_CONDITIONS) on!: EdgeCondition;
}

/** What becomes of a task whose dependency can no longer end as it waits for. */
export const FAILURE_POLICIES = ['fail', 'skip', 'continue'] as const;
export type FailurePolicy = (typeof FAILURE_POLICIES)[number];

export const CLAIM_MODES = ['exclusive', 'shared'] as const;
export type ClaimMode = (typeof CLAIM_MODES)[number];
/** Paths that one task or one request may claim. */
export const CLAIM_PATHS_MAX = 32;

/** `repo:src/auth/**`: a space of names before the colon, a path with `*`, `?` and `**` behind it. */
export class PathClaim {
  @Describe('A space and a glob in it: repo:src/auth/**.') @Verbatim() @Text({ min: 1, max: 512 }) path!: string;
  @Describe('Any number of shared claims go together; an exclusive one goes with none.') @OneOf(CLAIM_MODES) mode!: ClaimMode;
}

export const APPROVAL_TIMEOUT_POLICIES = ['deny', 'approve', 'escalate'] as const;
export type ApprovalTimeoutPolicy = (typeof APPROVAL_TIMEOUT_POLICIES)[number];
export const APPROVAL_TIMEOUT_MS_MIN = 1000;
export const APPROVAL_TIMEOUT_MS_DEFAULT = 24 * 3_600_000;
export const APPROVAL_TIMEOUT_MS_MAX = 30 * 24 * 3_600_000;

/** Somebody has to agree before the task starts. */
export class ApprovalSpec {
  @Optional() @Text({ min: 1, max: 2000 }) question?: string;
  @Optional() @Whole({ min: APPROVAL_TIMEOUT_MS_MIN, max: APPROVAL_TIMEOUT_MS_MAX }) timeoutMs?: number;
  @Optional() @OneOf(APPROVAL_TIMEOUT_POLICIES) onTimeout?: ApprovalTimeoutPolicy;
  @Describe('Whom an escalation asks; default project-manager.') @Optional() @Name() escalateTo?: string;
}

/** What may be spent, or is expected to be; absent fields are not limited, and not known. */
export class Amounts {
  @Describe('Input and output tokens together.') @Optional() @Whole({ min: 0 }) tokens?: number;
  @Optional() @Decimal({ min: 0, max: 1_000_000_000 }) costUsd?: number;
  @Describe('Time of attempts, ms.') @Optional() @Whole({ min: 0 }) wallMs?: number;
}

export class ArtefactPath {
  @Verbatim() @Text({ min: 1, max: 1024 }) path!: string;
}

/** What has to be shown before a result is accepted. Checked where the attempt ran, by the harness and not by the agent. */
export class EvidenceSpec {
  @Describe('The command or agent process has ended with exit code 0.') @Optional() @Flag() exitCodeZero?: boolean;
  @Describe('A commit that was made during the attempt exists in the working directory.') @Optional() @Flag() commit?: boolean;
  @Describe('Files that exist afterwards, relative to the working directory.')
  @Optional()
  @ListOf(() => ArtefactPath, { max: 32 })
  artefacts?: ArtefactPath[];
  @Describe('A shell command that Torch runs in the working directory, and that has to succeed.')
  @Optional()
  @Verbatim()
  @Text({ min: 1, max: 4096 })
  command?: string;
}

export class CommandEvidence {
  @Verbatim() @Text({ min: 1, max: 4096 }) command!: string;
  @Whole({ min: -1, max: 255 }) exitCode!: number;
  @Optional() @Text({ max: 2000 }) outputTail?: string;
}

/** What was found. A kind that is absent was not checked. */
export class Evidence {
  @Optional() @Whole({ min: -1, max: 255 }) exitCode?: number;
  @Optional() @Text({ min: 7, max: 64 }) commit?: string;
  @Optional() @ListOf(() => ArtefactPath, { max: 32 }) artefacts?: ArtefactPath[];
  @Optional() @Nested(() => CommandEvidence) command?: CommandEvidence;
}

/** Tasks that a spec may name for affinity. */
export const AFFINITY_TASKS_MAX = 16;

export class Affinity {
  @Describe('Rather an agent that did one of these tasks.') @Optional() @Ids({ max: AFFINITY_TASKS_MAX }) sameAgentAs?: string[];
  @Describe('Never an agent that did one of these tasks: for reviews.') @Optional() @Ids({ max: AFFINITY_TASKS_MAX }) notAgentOf?: string[];
}
