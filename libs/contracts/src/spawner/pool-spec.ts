import { EnvMap, Id, Labels, Name, OneOf, Optional, Skills, Text, Verbatim, Whole } from '../field';

export const RUNTIMES = ['process'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export const POOL_AGENTS_MAX = 64;
export const MEMORY_MIB_DEFAULT = 2048;
/** Crashes within the window that quarantine a pool. */
export const CRASHES_MAX_DEFAULT = 5;

/** A template for agents of one kind, and how many of them there may be. */
export class PoolSpec {
  @Id() poolId!: string;
  @Name() role!: string;
  @Skills({ max: 64 }) skills!: string[];
  @Optional() @Labels() labels?: Record<string, string>;
  @OneOf(RUNTIMES) runtime!: Runtime;
  @Name() harness!: string;
  /** Agents that are kept running while the pool is there. */
  @Whole({ min: 0, max: POOL_AGENTS_MAX }) min!: number;
  /** Agents that demand may call for. */
  @Whole({ min: 1, max: POOL_AGENTS_MAX }) max!: number;
  /** Tasks that one agent takes at a time. */
  @Whole({ min: 1, max: 1000 }) capacity!: number;
  @Optional() @EnvMap() env?: Record<string, string>;
  @Optional() @Verbatim() @Text({ min: 1, max: 4096 }) cwd?: string;
  /** Ceiling for the resident memory of the agent's whole process group. */
  @Whole({ min: 16, max: 1_048_576 }) memoryMib!: number;
  @Whole({ min: 1, max: 100 }) crashesMax!: number;
  /** The run that the pool serves; it is retired when that run ends. Absent: a pool of the project. */
  @Optional() @Id() runId?: string;
}
