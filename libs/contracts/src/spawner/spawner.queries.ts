import { contractsOf } from '../contract';
import { AtMs, Flag, Id, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';
import { PoolSpec } from './pool-spec';

export const PROCESS_STATES = ['requested', 'running', 'stopping'] as const;
export type ProcessState = (typeof PROCESS_STATES)[number];

export class ProcessView {
  @Id() agentId!: string;
  @Id() poolId!: string;
  @Id() spawnId!: string;
  @OneOf(PROCESS_STATES) state!: ProcessState;
  @Optional() @Text({ max: 255 }) node?: string;
  @Optional() @Whole({ min: 1 }) pid?: number;
  @Optional() @Whole() pidStartTicks?: number;
  @AtMs() sinceMs!: number;
}

export class PoolView {
  @Nested(() => PoolSpec) pool!: PoolSpec;
  @Flag() retired!: boolean;
  @Flag() quarantined!: boolean;
  /** Crashes since the pool last had an agent that lived long enough. */
  @Whole() crashes!: number;
  @AtMs() nextSpawnAtMs!: number;
  @ListOf(() => ProcessView, { max: 64 }) processes!: ProcessView[];
}

export class ListPools {}

export class PoolList {
  @ListOf(() => PoolView, { max: 10_000 }) pools!: PoolView[];
}

const { query } = contractsOf('spawner');

export const spawnerQueries = [query('ListPools', ListPools, PoolList)] as const;
