import type { AgentSpawnRequested } from '@torch/contracts';
import type { DecisionContext, NewEvent } from '@torch/kernel';
import { type Supply, supplyAt, unmetDemand } from './demand.rules';
import { type Demand, type Pool, serves, type SpawnerLimits, type SpawnerState } from './spawner.state';

interface PlannedSpawn {
  readonly poolId: string;
  readonly reason: string;
}

/** Characters of a fresh id that tell agents of one role apart. */
const AGENT_ID_CHARS = 12;

/** Starts what the pools' minimum and the demand call for. Asked again at once it has nothing more to start. */
export function settleSpawns(state: SpawnerState, context: DecisionContext, limits: SpawnerLimits): readonly NewEvent[] {
  if (spawnDueAtMs(state, limits) > context.nowMs) return [];
  return plannedSpawns(state, context.nowMs, limits).map(({ poolId, reason }) => {
    const agentId = newAgentId(state, poolId, context);
    const data: AgentSpawnRequested = { agentId, poolId, spawnId: context.newId(), reason, requestedAtMs: context.nowMs };
    return { type: 'agent.spawn-requested', subject: `agent/${agentId}`, data, ...state.pools.get(poolId)?.thread };
  });
}

/**
 * When there is something to start, epoch ms; `Infinity` for never. As time passes, pools come out of their pauses and
 * fresh agents stop being counted on: what is to be started at one moment is to be started at every later one.
 */
export function spawnDueAtMs(state: SpawnerState, limits: SpawnerLimits): number {
  state.spawnDueAtMs ??= searchSpawnDueAtMs(state, limits);
  return state.spawnDueAtMs;
}

function searchSpawnDueAtMs(state: SpawnerState, limits: SpawnerLimits): number {
  const startsAt = (atMs: number): boolean => plannedSpawns(state, atMs, limits, 1).length > 0;
  if (!startsAt(Infinity)) return Infinity;
  const pauses = [...state.pools.values()].map(({ nextSpawnAtMs }) => nextSpawnAtMs);
  const freshness = [...state.processes.values()].flatMap(({ readyAtMs }) => (readyAtMs === undefined ? [] : [readyAtMs + limits.freshMs]));
  const moments = [...new Set([...pauses, ...freshness])].sort((a, b) => a - b);
  let low = 0;
  let high = moments.length - 1; // At the last of them nothing pauses and nothing is fresh any more.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (startsAt(moments[middle]!)) high = middle;
    else low = middle + 1;
  }
  return moments[low] ?? Infinity;
}

function plannedSpawns(state: SpawnerState, atMs: number, limits: SpawnerLimits, max = Infinity): PlannedSpawn[] {
  const room = Math.min(max, limits.agentsPerNodeMax - state.processes.size);
  const planned: PlannedSpawn[] = [];
  if (room <= 0 || state.pools.size === 0) return planned;

  const counts = countProcesses(state);
  const supply = supplyAt(state, atMs, limits);
  const open = [...state.pools.values()]
    .filter((pool) => !pool.retired && !pool.quarantined && pool.nextSpawnAtMs <= atMs && counts.all(pool) < pool.spec.max)
    .sort((a, b) => (a.spec.poolId < b.spec.poolId ? -1 : 1));
  while (planned.length < room) {
    const next = nextSpawn(
      open.filter((pool) => counts.all(pool) < pool.spec.max),
      counts,
      () => unmetDemand(state, supply),
    );
    if (!next) break;
    planned.push({ poolId: next.pool.spec.poolId, reason: next.reason });
    counts.add(next.pool);
    addSupply(supply, next.pool);
  }
  return planned;
}

/** Minimums come first, then demand; pools in the order of their ids. */
function nextSpawn(
  open: readonly Pool[],
  counts: ProcessCounts,
  unmet: () => readonly Demand[],
): { pool: Pool; reason: string } | undefined {
  const belowMin = open.find((pool) => counts.kept(pool) < pool.spec.min);
  if (belowMin) return { pool: belowMin, reason: `The pool keeps at least ${belowMin.spec.min} agents.` };
  if (open.length === 0) return undefined;
  const demand = unmet();
  for (const pool of open) {
    const wanted = demand.find((kind) => serves(pool.spec, kind));
    if (wanted) return { pool, reason: `Tasks for role "${wanted.role}" that no agent can take: ${wanted.waiting}.` };
  }
  return undefined;
}

interface ProcessCounts {
  /** All processes of the pool. */
  all(pool: Pool): number;
  /** Those that nobody has asked to stop. */
  kept(pool: Pool): number;
  add(pool: Pool): void;
}

function countProcesses({ processes }: SpawnerState): ProcessCounts {
  const all = new Map<string, number>();
  const stopping = new Map<string, number>();
  const count = (counts: Map<string, number>, poolId: string): void => void counts.set(poolId, (counts.get(poolId) ?? 0) + 1);
  for (const { poolId, state } of processes.values()) {
    count(all, poolId);
    if (state === 'stopping') count(stopping, poolId);
  }
  return {
    all: ({ spec }) => all.get(spec.poolId) ?? 0,
    kept: ({ spec }) => (all.get(spec.poolId) ?? 0) - (stopping.get(spec.poolId) ?? 0),
    add: ({ spec }) => count(all, spec.poolId),
  };
}

function addSupply(supply: Supply, { spec }: Pool): void {
  supply.set(spec.poolId, (supply.get(spec.poolId) ?? 0) + spec.capacity);
}

/** `<role>-<end of a fresh id>`. */
function newAgentId(state: SpawnerState, poolId: string, context: DecisionContext): string {
  const role = state.pools.get(poolId)?.spec.role ?? 'agent';
  const id = context.newId();
  const short = `${role}-${id.replaceAll('-', '').slice(-AGENT_ID_CHARS)}`;
  return state.processes.has(short) ? `${role}-${id}` : short;
}
