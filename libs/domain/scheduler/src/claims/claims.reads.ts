import type { ClaimAnswer, ClaimList, GetClaim, ListClaims } from '@torch/contracts';
import type { SchedulerState } from '../scheduler.state';
import { holderOf } from './claims.state';
import { isBefore, refuseUnclearPath, wantedBy } from './conflict';

/** Claims of an answer, unless the query says otherwise. */
export const CLAIMS_PAGE_DEFAULT = 200;

/** What became of the last request under the id. Neither granted nor held by anybody: it has ended, or was never asked. */
export function getClaim({ claims }: SchedulerState, { claimId }: GetClaim): ClaimAnswer {
  const claim = claims.own.get(claimId);
  if (claim && !claims.ending.has(claimId)) return { granted: true, leaseUntilMs: claim.leaseUntilMs };
  const refusal = claims.refused.get(claimId);
  return refusal ? { granted: false, heldBy: refusal.heldBy } : { granted: false };
}

/**
 * One entry for each path that is held, by whoever holds it.
 *
 * @throws Rejection `invalid-claim` when `path` is none.
 */
export function listClaims({ claims }: SchedulerState, { agentId, path, limit = CLAIMS_PAGE_DEFAULT }: ListClaims): ClaimList {
  if (path !== undefined) refuseUnclearPath(path, 'The query');
  const held =
    path === undefined ? claims.all() : wantedBy([{ path, mode: 'exclusive' }]).flatMap((wanted) => [...claims.conflicts(wanted)]);
  const found = held.filter((one) => agentId === undefined || one.agentId === agentId);
  return {
    claims: found
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .slice(0, limit)
      .map(holderOf),
  };
}
