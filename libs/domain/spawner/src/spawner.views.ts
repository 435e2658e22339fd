import type { PoolList, PoolSpec, ProcessView } from '@torch/contracts';
import { type AgentProcess, processesOf, type SpawnerState } from './spawner.state';

/** Sorted by pool, and by agent in each. */
export function listPools(state: SpawnerState): PoolList {
  const pools = [...state.pools.values()].sort((a, b) => (a.spec.poolId < b.spec.poolId ? -1 : 1));
  return {
    pools: pools.map(({ spec, retired, quarantined, crashes, nextSpawnAtMs }) => {
      const processes = processesOf(state, spec.poolId).sort(byAgent).map(processView);
      return { pool: spec, retired, quarantined, crashes, nextSpawnAtMs, processes };
    }),
  };
}

export interface ProcessToRun {
  readonly process: ProcessView;
  readonly pool: PoolSpec;
}

/** Every process that is requested, running or stopping: what the runtime of a node compares with what it finds there. */
export function processesToRun(state: SpawnerState): ProcessToRun[] {
  return [...state.processes.values()].sort(byAgent).flatMap((process) => {
    const pool = state.pools.get(process.poolId)?.spec;
    return pool ? [{ process: processView(process), pool }] : [];
  });
}

/** Undefined when no process of the spawner's runs that agent, or another spawn of it. */
export function processToRun(state: SpawnerState, agentId: string, spawnId: string): ProcessToRun | undefined {
  const process = state.processes.get(agentId);
  const pool = process && state.pools.get(process.poolId)?.spec;
  return process?.spawnId === spawnId && pool ? { process: processView(process), pool } : undefined;
}

function processView({ agentId, poolId, spawnId, state, node, pid, pidStartTicks, sinceMs }: AgentProcess): ProcessView {
  return { agentId, poolId, spawnId, state, node, pid, pidStartTicks, sinceMs };
}

const byAgent = (a: AgentProcess, b: AgentProcess): number => (a.agentId < b.agentId ? -1 : 1);
