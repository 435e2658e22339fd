import type { AnyCommand, EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Flag, Id, ListOf, Name, Names, Nested, OneOf, Optional, Text, Whole } from '../field';
import { APPROVAL_TIMEOUT_MS_MAX, APPROVAL_TIMEOUT_MS_MIN, APPROVAL_TIMEOUT_POLICIES, type ApprovalTimeoutPolicy } from './task-options';

export const APPROVAL_OPTIONS_MAX = 10;
/** The options of a question that does not bring its own. */
export const APPROVE = 'approve';
export const DENY = 'deny';
/** Open questions of one project. */
export const APPROVALS_OPEN_MAX = 10_000;

/** An agent asks people in the middle of its work. Asked again under the same id, it changes nothing. */
export class RequestApproval {
  @Id() approvalId!: string;
  @Id() taskId!: string;
  @Whole({ min: 1 }) attempt!: number;
  @Id() assignment!: string;
  @Id() agentId!: string;
  @Text({ min: 1, max: 2000 }) question!: string;
  /** Default: approve, deny. */
  @Optional() @Names({ min: 1, max: APPROVAL_OPTIONS_MAX }) options?: string[];
  @Optional() @Whole({ min: APPROVAL_TIMEOUT_MS_MIN, max: APPROVAL_TIMEOUT_MS_MAX }) timeoutMs?: number;
  @Optional() @OneOf(APPROVAL_TIMEOUT_POLICIES) onTimeout?: ApprovalTimeoutPolicy;
  @Optional() @Name() escalateTo?: string;
}
/** The first answer holds; the same again changes nothing, another is refused. */
export class AnswerApproval {
  @Id() approvalId!: string;
  @Name() option!: string;
  @Optional() @Text({ max: 2000 }) note?: string;
}
/** From the scheduler's own timer. */
export class ExpireApproval {
  @Id() approvalId!: string;
}

export class ApprovalRequested {
  @Id() approvalId!: string;
  @Id() taskId!: string;
  /** Absent: the task may not start before the answer. */
  @Optional() @Whole({ min: 1 }) attempt?: number;
  @Optional() @Id() agentId?: string;
  @Text({ min: 1, max: 2000 }) question!: string;
  @Names({ min: 1, max: APPROVAL_OPTIONS_MAX }) options!: string[];
  @AtMs() timeoutAtMs!: number;
  @OneOf(APPROVAL_TIMEOUT_POLICIES) onTimeout!: ApprovalTimeoutPolicy;
  @Optional() @Name() escalateTo?: string;
  @AtMs() requestedAtMs!: number;
}
/** By the event's actor; by the scheduler when time ran out. */
export class ApprovalAnswered {
  @Id() approvalId!: string;
  @Id() taskId!: string;
  @Name() option!: string;
  @Optional() @Text({ max: 2000 }) note?: string;
  @Flag() timedOut!: boolean;
  @AtMs() answeredAtMs!: number;
}
/** Nobody answered in time: another role is asked, for as long again; then the answer is no. */
export class ApprovalEscalated {
  @Id() approvalId!: string;
  @Id() taskId!: string;
  @Name() to!: string;
  @AtMs() timeoutAtMs!: number;
  @AtMs() escalatedAtMs!: number;
}
/** The question is moot: its task or attempt has ended. */
export class ApprovalWithdrawn {
  @Id() approvalId!: string;
  @Id() taskId!: string;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() withdrawnAtMs!: number;
}

export class ListApprovals {
  /** Open ones only, unless false. */
  @Optional() @Flag() open?: boolean;
  @Optional() @Id() taskId?: string;
  @Optional() @Whole({ min: 1, max: 1000 }) limit?: number;
}
export class ApprovalView {
  @Id() approvalId!: string;
  @Id() taskId!: string;
  @Optional() @Whole({ min: 1 }) attempt?: number;
  @Optional() @Id() agentId?: string;
  @Text({ min: 1, max: 2000 }) question!: string;
  @Names({ min: 1, max: APPROVAL_OPTIONS_MAX }) options!: string[];
  @AtMs() requestedAtMs!: number;
  @AtMs() timeoutAtMs!: number;
  @OneOf(APPROVAL_TIMEOUT_POLICIES) onTimeout!: ApprovalTimeoutPolicy;
  @Optional() @Name() escalatedTo?: string;
  @OneOf(['open', 'answered', 'withdrawn']) status!: 'open' | 'answered' | 'withdrawn';
  @Optional() @Name() option?: string;
  @Optional() @Text({ max: 2000 }) note?: string;
  @Optional() @Text({ max: 255 }) answeredBy?: string;
  @Optional() @AtMs() answeredAtMs?: number;
}
export class ApprovalList {
  @ListOf(() => ApprovalView, { max: 1000 }) approvals!: ApprovalView[];
}
export class GetApproval {
  @Id() approvalId!: string;
}
export class ApprovalFound {
  @Optional() @Nested(() => ApprovalView) approval?: ApprovalView;
}

const { command, event, query } = contractsOf('scheduler');

export const approvalEvents = [
  event('approval.requested', ApprovalRequested),
  event('approval.answered', ApprovalAnswered),
  event('approval.escalated', ApprovalEscalated),
  event('approval.withdrawn', ApprovalWithdrawn),
] as const;
export type ApprovalEvent =
  | EventEnvelope<'approval.requested', ApprovalRequested>
  | EventEnvelope<'approval.answered', ApprovalAnswered>
  | EventEnvelope<'approval.escalated', ApprovalEscalated>
  | EventEnvelope<'approval.withdrawn', ApprovalWithdrawn>;

export const approvalCommands = [
  command('RequestApproval', RequestApproval),
  command('AnswerApproval', AnswerApproval),
  command('ExpireApproval', ExpireApproval),
] as const;
export type ApprovalCommand =
  | AnyCommand<'RequestApproval', RequestApproval>
  | AnyCommand<'AnswerApproval', AnswerApproval>
  | AnyCommand<'ExpireApproval', ExpireApproval>;

export const approvalQueries = [
  query('ListApprovals', ListApprovals, ApprovalList),
  query('GetApproval', GetApproval, ApprovalFound),
] as const;
