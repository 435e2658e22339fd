import type { DefinePools, PoolSpec } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import { definitionOf } from './stand-in.fixture';

interface SpawnerState {
  pools: Record<string, { pool: PoolSpec; retired: boolean }>;
}

/** Pools, without processes. */
export const standInSpawner = definitionOf<SpawnerState>({
  service: 'spawner',
  initialState: () => ({ pools: {} }),
  decide(state, { type, data }, { nowMs }) {
    const { poolId, agentId, reason } = data as { poolId: string; agentId: string; reason: string };
    if (type === 'DefinePools') {
      return (data as DefinePools).pools.map((pool) => ({
        type: 'pool.defined',
        subject: `pool/${pool.poolId}`,
        data: { pool, definedAtMs: nowMs },
      }));
    }
    if (type === 'StopAgent') {
      return [
        { type: 'agent.stop-requested', subject: `agent/${agentId}`, data: { agentId, spawnId: 'spawn-1', reason, requestedAtMs: nowMs } },
      ];
    }
    if (!state.pools[poolId]) throw new Rejection('unknown-pool', `There is no pool "${poolId}".`);
    if (type === 'RetirePool') return [{ type: 'pool.retired', subject: `pool/${poolId}`, data: { poolId, reason, retiredAtMs: nowMs } }];
    return [{ type: 'agent.quarantine-released', subject: `pool/${poolId}`, data: { poolId, releasedAtMs: nowMs } }];
  },
  evolve({ pools }, { type, data }) {
    if (type === 'pool.defined') {
      const { pool } = data as { pool: PoolSpec };
      pools[pool.poolId] = { pool, retired: false };
    }
    const pool = pools[(data as { poolId: string }).poolId];
    if (type === 'pool.retired' && pool) pool.retired = true;
  },
  queries: {
    ListPools: (_, { pools }) => ({
      pools: Object.values(pools).map((pool) => ({ ...pool, quarantined: false, crashes: 0, nextSpawnAtMs: 0, processes: [] })),
    }),
  },
});
