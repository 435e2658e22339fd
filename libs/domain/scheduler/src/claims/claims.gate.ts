import type { PathClaim } from '@torch/contracts';
import type { Gate, GateRound, Hold } from '../gates/gate';
import type { AgentState, SchedulerState, TaskState } from '../scheduler.state';
import { ClaimIndex, type Held } from './claim-index';
import { heldBy, taskKey } from './claims.state';
import { type Conflict, firstConflict, wantedBy } from './conflict';

/** A task gets an attempt when all its paths are free, and holds them from its assignment to the end of the attempt. */
export const claimGate: Gate = {
  gateKey: ({ spec: { claims } }) => (claims && claims.length > 0 ? keyOf(claims) : ''),
  round: ({ claims }) => new ClaimRound(claims),
};

/** The order in which paths are claimed makes no difference. */
const keyOf = (claims: readonly PathClaim[]): string => JSON.stringify(claims.map(({ path, mode }) => `${mode} ${path}`).sort());

class ClaimRound implements GateRound {
  private readonly planned = new ClaimIndex();

  constructor(private readonly claims: SchedulerState['claims']) {}

  hold({ spec: { claims } }: TaskState): Hold | undefined {
    if (!claims || claims.length === 0) return undefined;
    const wanted = wantedBy(claims);
    const conflict = firstConflict(wanted, { of: this.claims }) ?? firstConflict(wanted, { of: this.planned });
    return conflict && { reason: 'claim', key: conflict.held.key, message: messageOf(conflict) };
  }

  holdAt(): undefined {
    return undefined;
  }

  take({ spec: { taskId, claims = [] } }: TaskState, { id: agentId }: AgentState): void {
    for (const held of heldBy(claims, { key: taskKey(taskId), agentId, taskId })) this.planned.add(held);
  }
}

const messageOf = ({ wanted, held }: Conflict): string =>
  `${wanted.glob.text} is claimed by ${whoHolds(held)}, which holds ${held.path} (${held.mode}).`;

export function whoHolds({ agentId, taskId, claimId }: Held): string {
  const by = `agent ${agentId}`;
  return claimId === undefined ? `task ${taskId} at ${by}` : `${by} with claim ${claimId}`;
}
