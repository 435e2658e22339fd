import type { PoolSpec } from '@torch/contracts';
import { type AgentProcess, type Demand, demandKey, serves, type SpawnerLimits, type SpawnerState } from './spawner.state';

/** Tasks that agents on their way can take, by pool. */
export type Supply = Map<string, number>;

/**
 * What agents on their way will take: those that have not registered yet, and those that registered so lately that the
 * scheduler's word on the demand may not know them.
 */
export function supplyAt(state: SpawnerState, atMs: number, { freshMs }: SpawnerLimits): Supply {
  const supply: Supply = new Map();
  for (const process of state.processes.values()) {
    if (process.state === 'stopping') continue;
    const units = process.readyAtMs === undefined ? process.capacity : atMs < process.readyAtMs + freshMs ? process.freshUnits : 0;
    if (units > 0) supply.set(process.poolId, (supply.get(process.poolId) ?? 0) + units);
  }
  return supply;
}

/**
 * The demand that is left when the supply is spent on it. Pools that can serve the fewest kinds come first, so that a
 * versatile agent is not used up by what a specialised one could do.
 */
export function unmetDemand(state: SpawnerState, supply: Supply): Demand[] {
  const left = [...state.demand.values()].map((demand) => ({ ...demand })).sort((a, b) => (demandKey(a) < demandKey(b) ? -1 : 1));
  const suppliers = [...supply].flatMap(([poolId, units]) => {
    const spec = state.pools.get(poolId)?.spec;
    return spec ? [{ poolId, units, kinds: left.filter((demand) => serves(spec, demand)) }] : [];
  });
  suppliers.sort((a, b) => a.kinds.length - b.kinds.length || (a.poolId < b.poolId ? -1 : 1));
  for (const { kinds, ...supplier } of suppliers) {
    let { units } = supplier;
    for (const demand of kinds) {
      const taken = Math.min(units, demand.waiting);
      demand.waiting -= taken;
      units -= taken;
    }
  }
  return left.filter(({ waiting }) => waiting > 0);
}

/** The longest-waiting fresh agents that serve this kind of work have taken `placed` tasks of it. */
export function spendFresh(state: SpawnerState, demand: Demand, placed: number): void {
  const spec = ({ poolId }: AgentProcess): PoolSpec | undefined => state.pools.get(poolId)?.spec;
  const fresh = [...state.processes.values()].filter((process) => {
    const pool = spec(process);
    return process.readyAtMs !== undefined && process.freshUnits > 0 && pool !== undefined && serves(pool, demand);
  });
  fresh.sort((a, b) => (a.readyAtMs as number) - (b.readyAtMs as number) || (a.agentId < b.agentId ? -1 : 1));
  let left = placed;
  for (const process of fresh) {
    const spent = Math.min(left, process.freshUnits);
    process.freshUnits -= spent;
    left -= spent;
  }
}
