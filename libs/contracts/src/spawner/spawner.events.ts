import type { EventEnvelope } from '@torch/kernel';
import { asItWas, contractsOf } from '../contract';
import { AtMs, Flag, Id, Nested, Optional, Text, Whole } from '../field';
import { PoolSpec } from './pool-spec';

export class PoolDefined {
  @Nested(() => PoolSpec) pool!: PoolSpec;
  @AtMs() definedAtMs!: number;
}

/** The pool starts nothing any more; its agents are asked to stop by events of their own. */
export class PoolRetired {
  @Id() poolId!: string;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() retiredAtMs!: number;
}

export class AgentSpawnRequested {
  @Id() agentId!: string;
  @Id() poolId!: string;
  /** Makes the start idempotent: one spawn id never leads to two processes. */
  @Id() spawnId!: string;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() requestedAtMs!: number;
}

export class AgentSpawned {
  @Id() agentId!: string;
  @Id() spawnId!: string;
  @Text({ min: 1, max: 255 }) node!: string;
  /** Leader of the agent's process group. */
  @Whole({ min: 1 }) pid!: number;
  /** Start time of that process in clock ticks after boot (`/proc/<pid>/stat`, field 22): tells a reused pid. */
  @Whole() pidStartTicks!: number;
  @AtMs() spawnedAtMs!: number;
}

export class AgentStopRequested {
  @Id() agentId!: string;
  @Id() spawnId!: string;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() requestedAtMs!: number;
}

export class AgentExited {
  @Id() agentId!: string;
  @Id() spawnId!: string;
  /** Absent when nobody could see it: the machine or the node went away. */
  @Optional() @Whole({ min: 0, max: 255 }) exitCode?: number;
  @Text({ max: 2000 }) reason!: string;
  /** Nobody had asked for it. */
  @Flag() crashed!: boolean;
  /** When the pool may start its next agent. */
  @AtMs() retryAtMs!: number;
  @AtMs() exitedAtMs!: number;
}

/** The pool crashed too often and starts nothing until somebody releases it. */
export class AgentQuarantined {
  @Id() poolId!: string;
  @Whole({ min: 1 }) crashes!: number;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() quarantinedAtMs!: number;
}

export class QuarantineReleased {
  @Id() poolId!: string;
  @AtMs() releasedAtMs!: number;
}

/** A process ran that the log does not know, because a lost tail had started it: it was stopped. */
export class ProcessFenced {
  @Id() agentId!: string;
  @Id() spawnId!: string;
  @Text({ min: 1, max: 255 }) node!: string;
  /** Leader of its process group; absent when only processes that it had started were left. */
  @Optional() @Whole({ min: 1 }) pid?: number;
  @Text({ max: 2000 }) reason!: string;
  @AtMs() fencedAtMs!: number;
}

const { event } = contractsOf('spawner');

export const spawnerEvents = [
  event('pool.defined', PoolDefined, { v: 2, upcasters: [asItWas] }),
  event('pool.retired', PoolRetired),
  event('agent.spawn-requested', AgentSpawnRequested),
  event('agent.spawned', AgentSpawned),
  event('agent.stop-requested', AgentStopRequested),
  event('agent.exited', AgentExited),
  event('agent.quarantined', AgentQuarantined),
  event('agent.quarantine-released', QuarantineReleased),
  event('process.fenced', ProcessFenced),
] as const;

export type SpawnerEvent =
  | EventEnvelope<'pool.defined', PoolDefined>
  | EventEnvelope<'pool.retired', PoolRetired>
  | EventEnvelope<'agent.spawn-requested', AgentSpawnRequested>
  | EventEnvelope<'agent.spawned', AgentSpawned>
  | EventEnvelope<'agent.stop-requested', AgentStopRequested>
  | EventEnvelope<'agent.exited', AgentExited>
  | EventEnvelope<'agent.quarantined', AgentQuarantined>
  | EventEnvelope<'agent.quarantine-released', QuarantineReleased>
  | EventEnvelope<'process.fenced', ProcessFenced>;
