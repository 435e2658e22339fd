/** Facts of a spawner's past, for its specs. */
import { given, type SpecEvent } from '@torch/testing';
import { spawnerDecider } from './spawner.decider';

export const NOW_MS = 5000;
export const pool = (poolId = 'p1', more: object = {}) => ({
  poolId,
  role: 'developer',
  skills: ['ts'],
  runtime: 'process',
  harness: 'exec',
  min: 0,
  max: 3,
  capacity: 1,
  memoryMib: 256,
  crashesMax: 3,
  ...more,
});
export const defined = (poolId?: string, more?: object): SpecEvent => ({
  type: 'pool.defined',
  data: { pool: pool(poolId, more), definedAtMs: 1000 },
});
export const retired = (poolId = 'p1'): SpecEvent => ({ type: 'pool.retired', data: { poolId, reason: 'r', retiredAtMs: 2000 } });
export const requested = (agentId = 'a1', poolId = 'p1'): SpecEvent => ({
  type: 'agent.spawn-requested',
  data: { agentId, poolId, spawnId: `s-${agentId}`, reason: 'r', requestedAtMs: 2000 },
});
export const place = { node: 'n1', pid: 42, pidStartTicks: 7 };
export const spawned = (agentId = 'a1'): SpecEvent => ({
  type: 'agent.spawned',
  data: { agentId, spawnId: `s-${agentId}`, ...place, spawnedAtMs: 2000 },
});
export const stopping = (agentId = 'a1', requestedAtMs = 3000): SpecEvent => ({
  type: 'agent.stop-requested',
  data: { agentId, spawnId: `s-${agentId}`, reason: 'r', requestedAtMs },
});
export const ready = (agentId = 'a1', registeredAtMs = 2500): SpecEvent => ({
  type: 'agent.registered',
  data: { agentId, registeredAtMs },
});
export const demand = (waiting: number, more: object = {}): SpecEvent => ({
  type: 'demand.changed',
  data: { role: 'developer', skills: [], waiting, ...more },
});
export const exited = (agentId = 'a1', more: object = {}): SpecEvent => ({
  type: 'agent.exited',
  data: { agentId, spawnId: `s-${agentId}`, reason: 'r', crashed: true, retryAtMs: 4000, exitedAtMs: 3000, ...more },
});
export const quarantined: SpecEvent = { type: 'agent.quarantined', data: { poolId: 'p1', crashes: 3, reason: 'r', quarantinedAtMs: 3000 } };

export const spawner = (...past: SpecEvent[]) => given(spawnerDecider, past, NOW_MS);
export const started = (...past: SpecEvent[]) =>
  spawner(...past)
    .run.settle()
    .map(({ data }) => (data as { poolId: string }).poolId);
