import type { AnyCommand } from '@torch/kernel';
import { contractsOf } from '../contract';
import { Flag, Id, ListOf, Optional, Text, Whole } from '../field';
import { PoolSpec } from './pool-spec';

/** All pools or none. A pool of the same id is changed from now on; running agents are left as they are. */
export class DefinePools {
  @ListOf(() => PoolSpec, { min: 1, max: 64 }) pools!: PoolSpec[];
}

export class RetirePool {
  @Id() poolId!: string;
  @Text({ max: 2000 }) reason!: string;
}

export class StopAgent {
  @Id() agentId!: string;
  @Text({ max: 2000 }) reason!: string;
}

export class ReleaseQuarantine {
  @Id() poolId!: string;
}

/** From the spawner's own runtime: the process is there. */
export class RecordSpawned {
  @Id() agentId!: string;
  @Id() spawnId!: string;
  @Text({ min: 1, max: 255 }) node!: string;
  @Whole({ min: 1 }) pid!: number;
  @Whole() pidStartTicks!: number;
}

/** From the spawner's own runtime: the process is gone, or could not be started. */
export class RecordExited {
  @Id() agentId!: string;
  @Id() spawnId!: string;
  @Optional() @Whole({ min: 0, max: 255 }) exitCode?: number;
  @Text({ max: 2000 }) reason!: string;
  /** True when the whole node went down in order: the agent's end says nothing about the agent. */
  @Optional() @Flag() withNode?: boolean;
}

/** From the spawner's own runtime: a process runs that the log does not know, and is being stopped. */
export class RecordFencedProcess {
  @Id() agentId!: string;
  @Id() spawnId!: string;
  @Text({ min: 1, max: 255 }) node!: string;
  @Optional() @Whole({ min: 1 }) pid?: number;
}

const { command } = contractsOf('spawner');

export const spawnerCommands = [
  command('DefinePools', DefinePools),
  command('RetirePool', RetirePool),
  command('StopAgent', StopAgent),
  command('ReleaseQuarantine', ReleaseQuarantine),
  command('RecordSpawned', RecordSpawned),
  command('RecordExited', RecordExited),
  command('RecordFencedProcess', RecordFencedProcess),
] as const;

export type SpawnerCommand =
  | AnyCommand<'DefinePools', DefinePools>
  | AnyCommand<'RetirePool', RetirePool>
  | AnyCommand<'StopAgent', StopAgent>
  | AnyCommand<'ReleaseQuarantine', ReleaseQuarantine>
  | AnyCommand<'RecordSpawned', RecordSpawned>
  | AnyCommand<'RecordExited', RecordExited>
  | AnyCommand<'RecordFencedProcess', RecordFencedProcess>;
