import type { AgentQuarantined, PoolDefined, PoolRetired, QuarantineReleased } from '@torch/contracts';
import { processesOf, type SpawnerLimits, type SpawnerState, type Thread } from './spawner.state';

/** What is known of the pool's crashes stays: a new definition does not release it. */
export function poolDefined(state: SpawnerState, { pool: spec, definedAtMs }: PoolDefined, thread: Thread): SpawnerState {
  const before = state.pools.get(spec.poolId);
  state.pools.set(spec.poolId, {
    spec,
    thread,
    definedAtMs,
    retired: false,
    quarantined: before?.quarantined ?? false,
    crashes: before?.crashes ?? 0,
    nextSpawnAtMs: before?.nextSpawnAtMs ?? definedAtMs,
    runAwaited: spec.runId !== undefined && !state.runs.has(spec.runId),
  });
  return state;
}

export function poolRetired(state: SpawnerState, { poolId }: PoolRetired): SpawnerState {
  const pool = state.pools.get(poolId);
  if (pool) pool.retired = true;
  return forgetRetired(state, poolId);
}

/** A retired pool is there until its last process has ended. */
export function forgetRetired(state: SpawnerState, poolId: string): SpawnerState {
  if (state.pools.get(poolId)?.retired && processesOf(state, poolId).length === 0) state.pools.delete(poolId);
  return state;
}

export function poolQuarantined(state: SpawnerState, { poolId }: AgentQuarantined): SpawnerState {
  const pool = state.pools.get(poolId);
  if (pool) pool.quarantined = true;
  return state;
}

export function quarantineReleased(state: SpawnerState, { poolId, releasedAtMs }: QuarantineReleased): SpawnerState {
  const pool = state.pools.get(poolId);
  if (pool) Object.assign(pool, { quarantined: false, crashes: 0, nextSpawnAtMs: releasedAtMs });
  return state;
}

export function runSubmitted(state: SpawnerState, runId: string, { runsMax }: SpawnerLimits): SpawnerState {
  state.runs.add(runId);
  for (const oldest of state.runs) {
    if (state.runs.size <= runsMax) break;
    state.runs.delete(oldest);
  }
  for (const pool of state.pools.values()) if (pool.spec.runId === runId) pool.runAwaited = false;
  return state;
}

export function runEnded(state: SpawnerState, runId: string): SpawnerState {
  state.runs.delete(runId);
  return state;
}
