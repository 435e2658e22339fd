import type { AgentExited, AgentRegistered, AgentSpawned, AgentSpawnRequested, AgentStopRequested, DemandChanged } from '@torch/contracts';
import { spendFresh } from './demand.rules';
import { forgetRetired } from './pool.facts';
import { crashesAfter } from './process.rules';
import { demandKey, type SpawnerLimits, type SpawnerState } from './spawner.state';

export function spawnRequested(state: SpawnerState, { agentId, poolId, spawnId, requestedAtMs }: AgentSpawnRequested): SpawnerState {
  const capacity = state.pools.get(poolId)?.spec.capacity ?? 1;
  state.processes.set(agentId, {
    agentId,
    poolId,
    spawnId,
    capacity,
    requestedAtMs,
    state: 'requested',
    sinceMs: requestedAtMs,
    freshUnits: 0,
  });
  return state;
}

export function agentSpawned(state: SpawnerState, { agentId, node, pid, pidStartTicks, spawnedAtMs }: AgentSpawned): SpawnerState {
  const process = state.processes.get(agentId);
  if (!process) return state;
  Object.assign(process, { node, pid, pidStartTicks, spawnedAtMs });
  if (process.state === 'requested') Object.assign(process, { state: 'running', sinceMs: spawnedAtMs });
  return state;
}

export function agentStopRequested(state: SpawnerState, { agentId, requestedAtMs }: AgentStopRequested): SpawnerState {
  const process = state.processes.get(agentId);
  if (process) Object.assign(process, { state: 'stopping', sinceMs: requestedAtMs, stopRequestedAtMs: requestedAtMs });
  return state;
}

export function agentExited(
  state: SpawnerState,
  { agentId, crashed, retryAtMs, exitedAtMs }: AgentExited,
  limits: SpawnerLimits,
): SpawnerState {
  const process = state.processes.get(agentId);
  const pool = process && state.pools.get(process.poolId);
  if (!process || !pool) return state;
  state.processes.delete(agentId);
  pool.crashes = crashesAfter(pool, process, { crashed, exitedAtMs }, limits);
  pool.nextSpawnAtMs = Math.max(pool.nextSpawnAtMs, retryAtMs);
  return forgetRetired(state, process.poolId);
}

export function agentRegistered(state: SpawnerState, { agentId, registeredAtMs }: AgentRegistered): SpawnerState {
  const process = state.processes.get(agentId);
  if (process && process.readyAtMs === undefined) Object.assign(process, { readyAtMs: registeredAtMs, freshUnits: process.capacity });
  return state;
}

export function demandChanged(
  state: SpawnerState,
  { role, skills, labels, waiting }: DemandChanged,
  { demandKindsMax }: SpawnerLimits,
): SpawnerState {
  const demand = { role, skills, ...(labels && { labels }), waiting };
  const key = demandKey(demand);
  const placed = (state.demand.get(key)?.waiting ?? 0) - waiting;
  if (placed > 0) spendFresh(state, demand, placed);
  state.demand.delete(key);
  if (waiting > 0) state.demand.set(key, demand);
  for (const oldest of state.demand.keys()) {
    if (state.demand.size <= demandKindsMax) break;
    state.demand.delete(oldest);
  }
  return state;
}
