import type { Gate, GateRound, Hold } from '../gates/gate';
import type { AgentState, SchedulerState, TaskState } from '../scheduler.state';
import { ClaimIndex, type Held } from './claim-index';
import { heldBy, taskKey } from './claims.state';
import { type Conflict, firstConflict, pathsKey, wantedBy } from './conflict';
import { KeptRoom } from './kept-room';
import { firstKept, inWords, type Precedence, preceding, precedenceKey } from './precedence';

/**
 * A task gets an attempt when all its paths are free and kept for nobody, and holds them from its assignment to the end of the attempt.
 * Room that is kept in semaphores is kept here as well, since one order of age decides on both.
 */
export const claimGate: Gate = {
  gateKey: ({ spec: { claims } }) => (claims && claims.length > 0 ? pathsKey(claims) : ''),
  round: (state, nowMs) => {
    const first = preceding(state, nowMs);
    return new ClaimRound(state.claims, first, new KeptRoom(state, nowMs, first));
  },
};

class ClaimRound implements GateRound {
  private readonly planned = new ClaimIndex();

  constructor(
    private readonly claims: SchedulerState['claims'],
    private readonly first: readonly Precedence[],
    private readonly keptRoom: KeptRoom,
  ) {}

  hold(task: TaskState): Hold | undefined {
    return this.holdOfPaths(task) ?? this.keptRoom.hold(task);
  }

  private holdOfPaths({ spec: { claims }, strand }: TaskState): Hold | undefined {
    if (!claims || claims.length === 0) return undefined;
    const wanted = wantedBy(claims);
    const conflict = firstConflict(wanted, { of: this.claims }) ?? firstConflict(wanted, { of: this.planned });
    if (conflict) return { reason: 'claim', key: conflict.held.key, message: messageOf(conflict) };
    const kept = firstKept(this.first, wanted, this.claims.waiting.of(strand));
    return kept && { reason: 'claim', key: precedenceKey(kept.by), message: inWords(kept) };
  }

  holdAt(): undefined {
    return undefined;
  }

  take(task: TaskState, { id: agentId }: AgentState): void {
    const { taskId, claims = [] } = task.spec;
    this.keptRoom.take(task);
    for (const held of heldBy(claims, { key: taskKey(taskId), agentId, taskId })) this.planned.add(held);
  }
}

const messageOf = ({ wanted, held }: Conflict): string =>
  `${wanted.glob.text} is claimed by ${whoHolds(held)}, which holds ${held.path} (${held.mode}).`;

function whoHolds({ agentId, taskId, claimId }: Held): string {
  const by = `agent ${agentId}`;
  return claimId === undefined ? `task ${taskId} at ${by}` : `${by} with claim ${claimId}`;
}
