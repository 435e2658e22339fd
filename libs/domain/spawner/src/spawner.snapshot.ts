import { type EncodedReports, listedSnapshot, type ListsDecoder, RecentReports, type SnapshotFormat } from '@torch/kernel';
import { type AgentProcess, type Demand, demandKey, emptySpawner, type Pool, type SpawnerLimits, type SpawnerState } from './spawner.state';

interface SpawnerLists {
  readonly pools: Pool;
  readonly processes: AgentProcess;
  readonly demand: Demand;
  readonly runs: string;
  readonly fenced: EncodedReports[number];
}

export const spawnerSnapshot = (limits: SpawnerLimits): SnapshotFormat<SpawnerState> =>
  listedSnapshot<SpawnerState, SpawnerLists>({
    version: 3,
    lists: ({ pools, processes, demand, runs, fenced }) => ({
      pools: copies(pools.values()),
      processes: copies(processes.values()),
      demand: copies(demand.values()),
      runs,
      fenced: fenced.encode(),
    }),
    sortedBy: { pools: ({ spec }) => spec.poolId, processes: ({ agentId }) => agentId },
    decoder: () => decoder(limits),
  });

function* copies<T extends object>(records: Iterable<T>): Iterable<T> {
  for (const record of records) yield { ...record };
}

function decoder(limits: SpawnerLimits): ListsDecoder<SpawnerState, SpawnerLists> {
  const state = emptySpawner(limits);
  const reports: EncodedReports[number][] = [];
  return {
    take: {
      pools: (pool) => state.pools.set(pool.spec.poolId, { ...pool }),
      processes: (process) => state.processes.set(process.agentId, { ...process }),
      demand: (kind) => state.demand.set(demandKey(kind), { ...kind }),
      runs: (runId) => state.runs.add(runId),
      fenced: (reported) => reports.push(reported),
    },
    finish: () => ({ ...state, fenced: RecentReports.decode(limits.fenced, reports) }),
  };
}
