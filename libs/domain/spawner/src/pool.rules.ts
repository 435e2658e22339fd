import type {
  AgentStopRequested,
  DefinePools,
  PoolDefined,
  PoolRetired,
  PoolSpec,
  QuarantineReleased,
  ReleaseQuarantine,
  RetirePool,
} from '@torch/contracts';
import { canonicalJson, jsonBytes, type NewEvent, Rejection } from '@torch/kernel';
import { type AgentProcess, type Pool, processesOf, type SpawnerLimits, type SpawnerState } from './spawner.state';

/** All pools, or none. A pool that is already defined just so has no event. */
export function definePools(state: SpawnerState, { pools }: DefinePools, nowMs: number, limits: SpawnerLimits): readonly NewEvent[] {
  for (const pool of pools) checkPool(pool, limits);
  const ids = new Set(pools.map(({ poolId }) => poolId));
  if (ids.size < pools.length) throw new Rejection('duplicate-pool', 'Two of the pools have the same poolId.');

  const added = [...ids].filter((poolId) => !state.pools.has(poolId)).length;
  if (state.pools.size + added > limits.poolsMax) {
    throw new Rejection(
      'too-many-pools',
      `The project has ${state.pools.size} pools; with ${added} more it would have over ${limits.poolsMax}.`,
    );
  }
  if (jsonBytes(pools) > limits.poolsBytesMax)
    throw new Rejection('pools-too-large', `The pools take more than ${limits.poolsBytesMax} bytes; define them in parts.`);
  return pools
    .filter((pool) => !isDefined(state.pools.get(pool.poolId), pool))
    .map((pool) => {
      const data: PoolDefined = { pool, definedAtMs: nowMs };
      return { type: 'pool.defined', subject: `pool/${pool.poolId}`, data };
    });
}

function checkPool(pool: PoolSpec, { poolBytesMax }: SpawnerLimits): void {
  const { poolId, min, max } = pool;
  if (min > max) throw new Rejection('min-above-max', `Pool "${poolId}" has a min of ${min}, above its max of ${max}.`);
  const bytes = jsonBytes(pool);
  if (bytes > poolBytesMax)
    throw new Rejection('pool-too-large', `Pool "${poolId}" takes ${bytes} bytes; at most ${poolBytesMax} fit into the log.`);
}

const isDefined = (known: Pool | undefined, pool: PoolSpec): boolean =>
  known !== undefined && !known.retired && canonicalJson(known.spec) === canonicalJson(pool);

export function retirePool(state: SpawnerState, { poolId, reason }: RetirePool, nowMs: number): readonly NewEvent[] {
  if (knownPool(state, poolId).retired) return [];
  const data: PoolRetired = { poolId, reason, retiredAtMs: nowMs };
  const running = processesOf(state, poolId).filter((process) => process.state !== 'stopping');
  return [{ type: 'pool.retired', subject: `pool/${poolId}`, data }, ...running.map((process) => stopRequested(process, reason, nowMs))];
}

export function releaseQuarantine(state: SpawnerState, { poolId }: ReleaseQuarantine, nowMs: number): readonly NewEvent[] {
  if (!knownPool(state, poolId).quarantined) return [];
  const data: QuarantineReleased = { poolId, releasedAtMs: nowMs };
  return [{ type: 'agent.quarantine-released', subject: `pool/${poolId}`, data }];
}

export function stopRequested({ agentId, spawnId }: AgentProcess, reason: string, nowMs: number): NewEvent {
  const data: AgentStopRequested = { agentId, spawnId, reason, requestedAtMs: nowMs };
  return { type: 'agent.stop-requested', subject: `agent/${agentId}`, data };
}

function knownPool(state: SpawnerState, poolId: string): Pool {
  const pool = state.pools.get(poolId);
  if (!pool) throw new Rejection('unknown-pool', `No pool has the id "${poolId}".`);
  return pool;
}
