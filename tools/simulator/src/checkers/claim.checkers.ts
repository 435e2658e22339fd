import type { ClaimGranted, PathClaim } from '@torch/contracts';
import { type Account, type SeenEvent, Violation } from './account';
import { overlap } from './paths';
import { retell } from './retelling';

interface Holding {
  readonly project: string;
  readonly agentId: string;
  readonly taskId?: string;
  readonly paths: readonly PathClaim[];
  /** Epoch ms. */
  readonly untilMs: number;
}

/** Paths that exclude each other are never held by two at a time: neither by attempts of tasks nor by agents of their own. */
export function conflictingClaimsAreNeverInFlightTogether(account: Account): void {
  const granted = new Map<string, Holding>();
  retell(account, (past, seen) => {
    const { type, project, data } = seen.event;
    const inFlight = (): Holding[] =>
      past.inFlight(project).map(({ spec, live }) => ({
        project,
        agentId: live?.agentId ?? '',
        taskId: spec.taskId,
        paths: spec.claims ?? [],
        untilMs: Infinity,
      }));
    if (type === 'task.assigned') {
      const { agentId, taskId, assignedAtMs } = data as { agentId: string; taskId: string; assignedAtMs: number };
      const paths = past.task(seen.event)?.spec.claims ?? [];
      const wanted = { project, agentId, taskId, paths, untilMs: Infinity };
      refuseConflict(wanted, [...inFlight(), ...granted.values()], assignedAtMs, seen);
    } else if (type === 'claim.granted') {
      const claim = data as ClaimGranted;
      const wanted = { project, agentId: claim.agentId, taskId: claim.taskId, paths: claim.paths, untilMs: claim.leaseUntilMs };
      granted.delete(`${project}/${claim.claimId}`);
      refuseConflict(wanted, [...inFlight(), ...granted.values()], claim.grantedAtMs, seen);
      granted.set(`${project}/${claim.claimId}`, wanted);
    } else if (type === 'claim.released') granted.delete(`${project}/${(data as ClaimGranted).claimId}`);
    else if (type === 'task.attempt-failed' || type === 'task.completed' || type === 'task.cancelled') {
      const { taskId } = data as { taskId: string };
      for (const [id, holding] of granted) if (holding.project === project && holding.taskId === taskId) granted.delete(id);
    } else if (type === 'agent.lost' || type === 'agent.deregistered') {
      const { agentId } = data as { agentId: string };
      for (const [id, holding] of granted) if (holding.project === project && holding.agentId === agentId) granted.delete(id);
    }
  });
}

function refuseConflict(wanted: Holding, held: readonly Holding[], nowMs: number, seen: SeenEvent): void {
  for (const other of held) {
    if (other.project !== wanted.project || other.untilMs <= nowMs || isOne(wanted, other)) continue;
    for (const { path, mode } of wanted.paths)
      for (const taken of other.paths)
        if ((mode === 'exclusive' || taken.mode === 'exclusive') && overlap(path, taken.path))
          throw new Violation(`${taken.path} is held by ${other.taskId ?? other.agentId}, ${taken.mode}.`, seen);
  }
}

/** An agent does not shut itself out of what the task has that it works on. */
const isOne = (a: Holding, b: Holding): boolean => a.agentId === b.agentId && (a.taskId === b.taskId || !a.taskId || !b.taskId);
