import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { ClaimGranted, ClaimRefused, ClaimReleased, ResolveConflict } from '@torch/contracts';
import { endedClaim, grantedClaim, refusedClaim, type RegistryState } from '@torch/domain-registry';
import type { OwnCommand, Turn } from '@torch/host';
import type { EventEnvelope } from '@torch/kernel';

/** With each of these an attempt, and what it held, has ended. */
export const ATTEMPT_ENDS = ['task.completed', 'task.attempt-failed', 'task.cancelled'];
/** What is read for these reactions. */
export const CLAIM_NEWS = ['claim.refused', 'claim.granted', 'claim.released', ...ATTEMPT_ENDS];

/** A refused claim opens a conflict with its holder; it is resolved when the claim is granted, or what was in its way has ended. */
@Controller()
export class ConflictReactor {
  @EventPattern('claim.refused')
  onRefused(@Payload() { data }: EventEnvelope<'claim.refused', ClaimRefused>): OwnCommand[] {
    const conflict = refusedClaim(data);
    return conflict ? [{ type: 'OpenConflict', data: conflict }] : [];
  }

  @EventPattern('claim.granted')
  onGranted(@Payload() { data }: EventEnvelope<'claim.granted', ClaimGranted>, @Ctx() { state }: Turn<RegistryState>): OwnCommand[] {
    return resolving(grantedClaim(state, data));
  }

  @EventPattern('claim.released')
  onReleased(
    @Payload() { data: { claimId } }: EventEnvelope<'claim.released', ClaimReleased>,
    @Ctx() { state }: Turn<RegistryState>,
  ): OwnCommand[] {
    return resolving(endedClaim(state, { claimId }));
  }

  @EventPattern(ATTEMPT_ENDS)
  onAttemptEnded(
    @Payload() { data: { taskId } }: EventEnvelope<string, { taskId: string }>,
    @Ctx() { state }: Turn<RegistryState>,
  ): OwnCommand[] {
    return resolving(endedClaim(state, { taskId }));
  }
}

const resolving = (resolutions: readonly ResolveConflict[]): OwnCommand[] => resolutions.map((data) => ({ type: 'ResolveConflict', data }));
