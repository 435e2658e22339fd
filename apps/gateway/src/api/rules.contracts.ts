import {
  AgentView,
  Amounts,
  Describe,
  EvidenceSeen,
  Flag,
  Id,
  ListOf,
  MISSED_POLICIES,
  type MissedPolicy,
  Name,
  Nested,
  Optional,
  OneOf,
  OVERLAP_POLICIES,
  type OverlapPolicy,
  PlanTask,
  Text,
  TrackRecord,
  Whole,
} from '@torch/contracts';
import { PositionAnswer, ReasonBody } from './edge.contracts';

/** Request and answer bodies around limits, claims, approvals, budgets, schedules, context and conflicts that only the edge knows. */

export class CancelTaskBody extends ReasonBody {
  @Describe('Also everything that depends on it, directly or not; default false.') @Optional() @Flag() subtree?: boolean;
}

export class PriorityBody {
  @Describe('0 is first, 9 is last.') @Whole({ min: 0, max: 9 }) priority!: number;
}

export class PathsClaimed extends PositionAnswer {
  @Id() claimId!: string;
  @Flag() granted!: boolean;
  @Describe('Epoch ms. The claim ends then unless it is renewed.') @Optional() @Whole() leaseUntilMs?: number;
}

export class ReleaseClaimBody {
  @Describe("Default: the token's own.") @Optional() @Id() agentId?: string;
}

export class ApprovalAsked extends PositionAnswer {
  @Id() approvalId!: string;
}

export class BudgetBody {
  @Describe('Empty: the budget is taken away.') @Nested(() => Amounts) limit!: Amounts;
}

export class ScheduleBody {
  @Describe('Five or six fields, or @daily and the like.') @Text({ min: 1, max: 128 }) cron!: string;
  @Describe('IANA name; default UTC.') @Optional() @Text({ min: 1, max: 64 }) timeZone?: string;
  @Describe('When the run before has not ended: no run, one more, or that one is cancelled first; default skip.')
  @Optional()
  @OneOf(OVERLAP_POLICIES)
  overlap?: OverlapPolicy;
  @Describe('What becomes of runs whose time passed while nobody could start them; default once.')
  @Optional()
  @OneOf(MISSED_POLICIES)
  missed?: MissedPolicy;
  @Optional() @Flag() paused?: boolean;
  @Describe('The one task of every run.') @Nested(() => PlanTask) task!: PlanTask;
}

export class ContextQuery {
  @Describe('Default: the newest.') @Optional() @Whole({ min: 1 }) version?: number;
}

export class ContextBody {
  @Describe('The version that the change was made on, 0 when there is none; or as If-Match.') @Optional() @Whole() version?: number;
  @Describe('Exactly one of text and ref.') @Optional() @Text({ max: 60 * 1024 }) text?: string;
  @Describe('Where a larger document is.') @Optional() @Text({ min: 1, max: 2000 }) ref?: string;
}

export class RemoveContextBody {
  @Describe('The newest version; or as If-Match.') @Optional() @Whole({ min: 1 }) version?: number;
}

export class ContextWritten extends PositionAnswer {
  @Name() key!: string;
  @Describe('The version that there is now.') @Whole({ min: 1 }) version!: number;
}

export class ConflictOpening extends PositionAnswer {
  @Id() conflictId!: string;
}

export class AgentAnswer extends AgentView {
  @Describe('How its attempts went, best known first: all, role, kinds, skills.')
  @Optional()
  @ListOf(() => TrackRecord, { max: 256 })
  record?: TrackRecord[];
  @Describe('Which signs of life there have been.') @Optional() @Nested(() => EvidenceSeen) seen?: EvidenceSeen;
}
