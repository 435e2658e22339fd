import type { ClaimEvent } from '@torch/contracts';
import type { Facts } from '../rules';
import { ownKey } from './claims.state';

export const claimFacts: Facts<ClaimEvent> = {
  'claim.granted': ({ claims, tasks }, { data }) => {
    const { claimId: id, agentId, taskId, paths, leaseUntilMs, grantedAtMs } = data;
    const attempt = taskId === undefined ? undefined : tasks.get(taskId)?.attempt;
    const claim = {
      id,
      agentId,
      ...(taskId === undefined ? {} : { taskId }),
      ...(attempt === undefined ? {} : { attempt }),
      paths,
      leaseUntilMs,
    };
    claims.grant(claim, grantedAtMs);
  },
  'claim.refused': ({ claims }, { data: { claimId, agentId, path, mode, heldBy } }) =>
    claims.refuse({ claimId, agentId, path, mode, heldBy }),
  'claim.released': ({ claims, matching }, { data: { claimId } }) => {
    claims.release(claimId);
    matching.wake(ownKey(claimId));
  },
};
