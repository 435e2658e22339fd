import type { RetirePool, StopAgent } from '@torch/contracts';
import type { TimerContext } from '@torch/kernel';
import { spawnDueAtMs } from './spawning.rules';
import { type AgentProcess, type Pool, type SpawnerLimits, type SpawnerState } from './spawner.state';

/** Commands of the spawner's own. */
export type SpawnerOwnCommand = { type: 'StopAgent'; data: StopAgent } | { type: 'RetirePool'; data: RetirePool };

/** When `due` or `settle` has something to do next. */
export function spawnerDueAtMs(state: SpawnerState, limits: SpawnerLimits): number {
  let atMs = spawnDueAtMs(state, limits);
  for (const process of state.processes.values()) if (isStarting(process)) atMs = Math.min(atMs, startDeadlineMs(process, limits));
  for (const pool of state.pools.values()) if (isAwaiting(pool)) atMs = Math.min(atMs, runDeadlineMs(pool, limits));
  return atMs;
}

/**
 * Stops processes that never became agents, and retires pools whose run never came. Both by the time of leases: nobody could register an
 * agent, or submit a run, while nobody heard them. What it looks at is limited by `agentsPerNodeMax` and `poolsMax`.
 */
export function spawnerDue(state: SpawnerState, { leaseNowMs, max }: TimerContext, limits: SpawnerLimits): SpawnerOwnCommand[] {
  const stuck = [...state.processes.values()].filter((process) => isStarting(process) && startDeadlineMs(process, limits) <= leaseNowMs);
  const deserted = [...state.pools.values()].filter((pool) => isAwaiting(pool) && runDeadlineMs(pool, limits) <= leaseNowMs);
  const commands = [
    ...stuck.map(({ agentId }): SpawnerOwnCommand => {
      return { type: 'StopAgent', data: { agentId, reason: `It did not register within ${limits.startMsMax} ms.` } };
    }),
    ...deserted.map(({ spec: { poolId, runId } }): SpawnerOwnCommand => {
      return { type: 'RetirePool', data: { poolId, reason: `Run "${runId}" was not submitted within ${limits.runAwaitedMs} ms.` } };
    }),
  ];
  return commands.slice(0, max);
}

const isStarting = ({ state, readyAtMs }: AgentProcess): boolean => state !== 'stopping' && readyAtMs === undefined;
const startDeadlineMs = ({ requestedAtMs }: AgentProcess, { startMsMax }: SpawnerLimits): number => requestedAtMs + startMsMax;
const isAwaiting = ({ runAwaited, retired }: Pool): boolean => runAwaited && !retired;
const runDeadlineMs = ({ definedAtMs }: Pool, { runAwaitedMs }: SpawnerLimits): number => definedAtMs + runAwaitedMs;
