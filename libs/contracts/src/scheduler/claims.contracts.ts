import type { AnyCommand, EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Flag, Id, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';
import { CLAIM_MODES, CLAIM_PATHS_MAX, type ClaimMode, PathClaim } from './task-options';

export const CLAIM_LEASE_MS_DEFAULT = 10 * 60_000;
export const CLAIM_LEASE_MS_MAX = 24 * 3_600_000;
/** Claims that agents of a project may hold beside those of their tasks. */
export const CLAIMS_MAX = 10_000;

/**
 * An agent claims paths while it works: all of them, or none. It never waits for a claim, so that no deadlock can form. Asked
 * again under the same id by the same agent, the lease is renewed.
 */
export class ClaimPaths {
  @Id() claimId!: string;
  @Id() agentId!: string;
  /** The claim ends with this task's attempt. */
  @Optional() @Id() taskId?: string;
  @ListOf(() => PathClaim, { min: 1, max: CLAIM_PATHS_MAX }) paths!: PathClaim[];
  @Optional() @Whole({ min: 1000, max: CLAIM_LEASE_MS_MAX }) leaseMs?: number;
}
/** Released already, it changes nothing. */
export class ReleaseClaim {
  @Id() claimId!: string;
  @Id() agentId!: string;
}
/** From the scheduler's own timer. */
export class ExpireClaim {
  @Id() claimId!: string;
}

/** Who has a claim: an agent with a claim of its own, or the attempt of a task. */
export class ClaimHolder {
  @Id() agentId!: string;
  @Optional() @Id() claimId?: string;
  @Optional() @Id() taskId?: string;
  @Text({ min: 1, max: 512 }) path!: string;
  @OneOf(CLAIM_MODES) mode!: ClaimMode;
}

export class ClaimGranted {
  @Id() claimId!: string;
  @Id() agentId!: string;
  @Optional() @Id() taskId?: string;
  @ListOf(() => PathClaim, { min: 1, max: CLAIM_PATHS_MAX }) paths!: PathClaim[];
  @AtMs() leaseUntilMs!: number;
  @AtMs() grantedAtMs!: number;
}
export class ClaimRefused {
  @Id() claimId!: string;
  @Id() agentId!: string;
  @Optional() @Id() taskId?: string;
  @Text({ min: 1, max: 512 }) path!: string;
  @OneOf(CLAIM_MODES) mode!: ClaimMode;
  @Nested(() => ClaimHolder) heldBy!: ClaimHolder;
  @AtMs() refusedAtMs!: number;
}
export const CLAIM_ENDS = ['released', 'expired', 'attempt-ended', 'agent-gone'] as const;
export type ClaimEnd = (typeof CLAIM_ENDS)[number];
export class ClaimReleased {
  @Id() claimId!: string;
  @Id() agentId!: string;
  @OneOf(CLAIM_ENDS) reason!: ClaimEnd;
  @AtMs() releasedAtMs!: number;
}

export class GetClaim {
  @Id() claimId!: string;
}
/** What became of a request; of refused ones the last are remembered. */
export class ClaimAnswer {
  @Flag() granted!: boolean;
  @Optional() @AtMs() leaseUntilMs?: number;
  @Optional() @Nested(() => ClaimHolder) heldBy?: ClaimHolder;
}
export class ListClaims {
  @Optional() @Id() agentId?: string;
  /** Only claims that conflict with an exclusive one of this path. */
  @Optional() @Text({ min: 1, max: 512 }) path?: string;
  @Optional() @Whole({ min: 1, max: 1000 }) limit?: number;
}
export class ClaimList {
  @ListOf(() => ClaimHolder, { max: 1000 }) claims!: ClaimHolder[];
}

const { command, event, query } = contractsOf('scheduler');

export const claimEvents = [
  event('claim.granted', ClaimGranted),
  event('claim.refused', ClaimRefused),
  event('claim.released', ClaimReleased),
] as const;
export type ClaimEvent =
  | EventEnvelope<'claim.granted', ClaimGranted>
  | EventEnvelope<'claim.refused', ClaimRefused>
  | EventEnvelope<'claim.released', ClaimReleased>;

export const claimCommands = [
  command('ClaimPaths', ClaimPaths),
  command('ReleaseClaim', ReleaseClaim),
  command('ExpireClaim', ExpireClaim),
] as const;
export type ClaimCommand =
  AnyCommand<'ClaimPaths', ClaimPaths> | AnyCommand<'ReleaseClaim', ReleaseClaim> | AnyCommand<'ExpireClaim', ExpireClaim>;

export const claimQueries = [query('GetClaim', GetClaim, ClaimAnswer), query('ListClaims', ListClaims, ClaimList)] as const;
