import type { ClaimGranted, ClaimRefused, OpenConflict, ResolveConflict } from '@torch/contracts';
import { sha256 } from '../context/sha256';
import type { RegistryState } from '../registry.state';
import type { Conflict } from './conflicts.state';

/**
 * What a refused claim opens: the first party holds the path, the second wants it. Its id begins with the holder, so that the end
 * of that claim, or of that task's attempt, finds it. Nothing where an agent is in its own way.
 */
export function refusedClaim({ claimId, agentId, path, mode, heldBy, refusedAtMs }: ClaimRefused): OpenConflict | undefined {
  if (heldBy.agentId === agentId) return undefined;
  const holder = claimHolder(heldBy);
  if (!holder) return undefined;
  const through = heldBy.claimId ? `with claim ${heldBy.claimId}` : `for task ${heldBy.taskId}`;
  return {
    conflictId: `${holder}.${short(`${claimId} ${refusedAtMs}`)}`,
    kind: 'claim',
    about: path,
    parties: [
      { actor: `agent:${heldBy.agentId}`, evidence: `Holds ${heldBy.path} (${heldBy.mode}) ${through}.` },
      { actor: `agent:${agentId}`, evidence: `Was refused ${path} (${mode}) with claim ${claimId}.` },
    ],
  };
}

/** Who wanted a path has it now. */
export function grantedClaim({ conflicts }: RegistryState, { agentId, paths }: ClaimGranted): readonly ResolveConflict[] {
  const wanted = paths
    .flatMap(({ path }) => conflicts.about('claim', path))
    .filter(({ parties }) => parties[1]?.actor === `agent:${agentId}`);
  return moot(wanted, ({ about }) => `agent:${agentId} was granted ${about}.`);
}

/** A claim, or the attempt of a task with its claims, has ended: whoever wants the path can ask again. */
export function endedClaim({ conflicts }: RegistryState, ended: { claimId: string } | { taskId: string }): readonly ResolveConflict[] {
  if (!conflicts.hasClaims) return []; // As nearly always, and attempts end often.
  const what = 'claimId' in ended ? `Claim ${ended.claimId}` : `The attempt of task ${ended.taskId}`;
  return moot(conflicts.heldBy(claimHolder(ended) as string), ({ about }) => `${what} has ended; ${about} can be claimed again.`);
}

const moot = (conflicts: readonly Conflict[], resolution: (conflict: Conflict) => string): ResolveConflict[] =>
  conflicts
    .filter(({ status }) => status === 'open') // An escalated one is a person's.
    .map((conflict) => ({ conflictId: conflict.conflictId, resolution: resolution(conflict) }));

function claimHolder({ claimId, taskId }: { claimId?: string; taskId?: string }): string | undefined {
  if (claimId) return `claim.c-${short(claimId)}`;
  return taskId ? `claim.t-${short(taskId)}` : undefined;
}

/** An id may have 128 characters: too many to be part of another. */
const short = (id: string): string => sha256(id).slice(0, 24);
