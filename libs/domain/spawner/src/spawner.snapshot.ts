import { type EncodedReports, RecentReports, type SnapshotFormat } from '@torch/kernel';
import { type AgentProcess, type Demand, demandKey, emptySpawner, type Pool, type SpawnerLimits, type SpawnerState } from './spawner.state';

interface EncodedSpawner {
  /** By id. */
  readonly pools: readonly Pool[];
  /** By id. */
  readonly processes: readonly AgentProcess[];
  readonly demand: readonly Demand[];
  readonly runs: readonly string[];
  readonly fenced: EncodedReports;
}

export const spawnerSnapshot = (limits: SpawnerLimits): SnapshotFormat<SpawnerState> => ({
  version: 2,
  encode({ pools, processes, demand, runs, fenced }): EncodedSpawner {
    return {
      pools: sortedByKey(pools).map((pool) => ({ ...pool })),
      processes: sortedByKey(processes).map((process) => ({ ...process })),
      demand: [...demand.values()],
      runs: [...runs],
      fenced: fenced.encode(),
    };
  },
  decode(encoded) {
    const { pools, processes, demand, runs, fenced } = encoded as EncodedSpawner;
    return {
      ...emptySpawner(limits),
      pools: new Map(pools.map((pool) => [pool.spec.poolId, { ...pool }])),
      processes: new Map(processes.map((process) => [process.agentId, { ...process }])),
      demand: new Map(demand.map((kind) => [demandKey(kind), kind])),
      runs: new Set(runs),
      fenced: RecentReports.decode(limits.fenced, fenced),
    };
  },
});

function sortedByKey<T>(entries: ReadonlyMap<string, T>): T[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
