import type { SnapshotFormat } from '@torch/kernel';
import { type AgentProcess, type Demand, demandKey, emptySpawner, type Pool, type SpawnerState } from './spawner.state';

interface EncodedSpawner {
  /** By id. */
  readonly pools: readonly Pool[];
  /** By id. */
  readonly processes: readonly AgentProcess[];
  readonly demand: readonly Demand[];
  readonly runs: readonly string[];
}

export const spawnerSnapshot: SnapshotFormat<SpawnerState> = {
  version: 1,
  encode({ pools, processes, demand, runs }): EncodedSpawner {
    return {
      pools: sortedByKey(pools).map((pool) => ({ ...pool })),
      processes: sortedByKey(processes).map((process) => ({ ...process })),
      demand: [...demand.values()],
      runs: [...runs],
    };
  },
  decode(encoded) {
    const { pools, processes, demand, runs } = encoded as EncodedSpawner;
    return {
      ...emptySpawner(),
      pools: new Map(pools.map((pool) => [pool.spec.poolId, { ...pool }])),
      processes: new Map(processes.map((process) => [process.agentId, { ...process }])),
      demand: new Map(demand.map((kind) => [demandKey(kind), kind])),
      runs: new Set(runs),
    };
  },
};

function sortedByKey<T>(entries: ReadonlyMap<string, T>): T[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
