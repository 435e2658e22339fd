import {
  CLAIM_LEASE_MS_DEFAULT,
  type ClaimCommand,
  type ClaimEnd,
  type ClaimEvent,
  type ClaimPaths,
  CLAIMS_MAX,
  type ExpireClaim,
  type ReleaseClaim,
} from '@torch/contracts';
import { canonicalJson, type NewEvent, Rejection } from '@torch/kernel';
import type { Rules } from '../rules';
import { isLive, type SchedulerState } from '../scheduler.state';
import type { Held } from './claim-index';
import { holderOf, type OwnClaim } from './claims.state';
import { firstConflict, pathsKey, refuseUnclearPath, wantedBy } from './conflict';
import { firstKept, inWords, type Precedence, preceding } from './precedence';

export const claimRules: Rules<ClaimCommand> = {
  ClaimPaths: (state, { data }, { nowMs }) => claimPaths(state, data, nowMs),
  ReleaseClaim: (state, { data }, { nowMs }) => releaseClaim(state, data, nowMs),
  ExpireClaim: (state, { data }, { nowMs }) => expireClaim(state, data, nowMs),
};

/** All paths, or none. The answer comes at once; refused for the same reason as before, it is not recorded again. */
function claimPaths(state: SchedulerState, data: ClaimPaths, nowMs: number): readonly NewEvent[] {
  const { claimId, agentId, taskId, paths, leaseMs = CLAIM_LEASE_MS_DEFAULT } = data;
  const { claims } = state;
  for (const { path } of paths) refuseUnclearPath(path, `Claim ${claimId}`);
  refuseUnlessPresent(state, data);
  const known = claims.own.get(claimId);
  if (known) refuseAnother(state, known, data);
  else if (claims.own.size >= CLAIMS_MAX)
    throw new Rejection('too-many-claims', `Agents of the project hold ${CLAIMS_MAX} claims, which is the most: release one first.`);
  const who = { claimId, agentId, ...(taskId === undefined ? {} : { taskId }) };
  const conflict = known ? undefined : firstConflict(wantedBy(paths), { of: claims, except: (held) => isOwn(held, data) });
  if (!conflict) {
    if (!known) refuseKept(state, data, nowMs);
    return [claimEvent('claim.granted', { ...who, paths, leaseUntilMs: nowMs + leaseMs, grantedAtMs: nowMs })];
  }

  const { wanted, held } = conflict;
  const refusal = { path: wanted.glob.text, mode: wanted.mode, heldBy: holderOf(held) };
  const before = claims.refused.get(claimId);
  if (before && canonicalJson(before) === canonicalJson({ claimId, agentId, ...refusal })) return [];
  return [claimEvent('claim.refused', { ...who, ...refusal, refusedAtMs: nowMs })];
}

/**
 * Nobody is asked to wait who is waited for: an attempt whose agent has what the task waits for, or which takes room in its semaphores,
 * may have more of it, and ends the sooner for it.
 */
function refuseKept(state: SchedulerState, { claimId, agentId, taskId, paths }: ClaimPaths, nowMs: number): void {
  const counted = (taskId !== undefined && state.tasks.get(taskId)?.spec.semaphores) || [];
  const isWaitedFor = ({ waiter }: Precedence): boolean =>
    waiter.paths.some((path) => [...state.claims.conflicts(path)].some((held) => held.agentId === agentId)) ||
    waiter.semaphores.some((name) => counted.includes(name));
  const first = preceding(state, nowMs).filter((by) => taskId === undefined || !isWaitedFor(by));
  const kept = firstKept(first, wantedBy(paths));
  if (kept) throw new Rejection('paths-taken', `Claim ${claimId} has to wait: ${inWords(kept)}`);
}

/** What an agent holds does not stand in its own way, unless it is for another task. */
function isOwn(held: Held, { agentId, taskId }: ClaimPaths): boolean {
  return held.agentId === agentId && (held.taskId === undefined || taskId === undefined || held.taskId === taskId);
}

function refuseUnlessPresent({ agents, tasks }: SchedulerState, { claimId, agentId, taskId }: ClaimPaths): void {
  const agent = agents.get(agentId);
  if (!agent || agent.presence === 'lost' || agent.presence === 'gone')
    throw new Rejection('unknown-agent', `Claim ${claimId} is for agent ${agentId}, which is ${agent?.presence ?? 'not registered'}.`);
  if (taskId === undefined) return;
  const task = tasks.get(taskId);
  if (!task) throw new Rejection('unknown-task', `Claim ${claimId} is for task ${taskId}, and there is none of that id.`);
  if (!isLive(task) || task.agentId !== agentId)
    throw new Rejection('stale-attempt', `Claim ${claimId} is for task ${taskId}, of which agent ${agentId} has no live attempt.`);
}

/** The same claim again is a renewal; anything else needs an id of its own. */
function refuseAnother({ claims }: SchedulerState, known: OwnClaim, data: ClaimPaths): void {
  const { claimId, agentId, taskId, paths } = data;
  if (claims.ending.has(claimId))
    throw new Rejection('claim-ending', `Claim ${claimId} is being released, because what it was for has ended: claim under another id.`);
  if (known.agentId !== agentId)
    throw new Rejection('claim-exists', `Claim ${claimId} is one of agent ${known.agentId}: choose another id.`);
  if (known.taskId === taskId && pathsKey(known.paths) === pathsKey(paths)) return;
  throw new Rejection('claim-exists', `Claim ${claimId} is held for other paths, or another task: release it first, or choose another id.`);
}

function releaseClaim({ claims }: SchedulerState, { claimId, agentId }: ReleaseClaim, nowMs: number): readonly NewEvent[] {
  const claim = claims.own.get(claimId);
  if (!claim || claims.ending.has(claimId)) return [];
  if (claim.agentId !== agentId) throw new Rejection('not-yours', `Claim ${claimId} is held by agent ${claim.agentId}, not by ${agentId}.`);
  return [released(claim, 'released', nowMs)];
}

function expireClaim({ claims }: SchedulerState, { claimId }: ExpireClaim, nowMs: number): readonly NewEvent[] {
  const claim = claims.own.get(claimId);
  if (!claim || claims.ending.has(claimId)) return []; // Released in the same turn.
  if (nowMs < claim.leaseUntilMs) throw new Rejection('claim-not-expired', `Claim ${claimId} is leased until ${claim.leaseUntilMs}.`);
  return [released(claim, 'expired', nowMs)];
}

export const released = ({ id, agentId }: OwnClaim, reason: ClaimEnd, nowMs: number): NewEvent =>
  claimEvent('claim.released', { claimId: id, agentId, reason, releasedAtMs: nowMs });

type DataOf<Type extends ClaimEvent['type']> = Extract<ClaimEvent, { type: Type }>['data'];

function claimEvent<Type extends ClaimEvent['type']>(type: Type, data: DataOf<Type>): NewEvent {
  return { type, subject: `claim/${data.claimId}`, data };
}
