import { Describe, EnvMap, Id, Ids, Name, Names, Optional, Text, Verbatim, Whole } from '../field';

export const PRIORITY_DEFAULT = 5;
export const TIMEOUT_MS_DEFAULT = 30 * 60_000;
/** Of one attempt. */
export const TIMEOUT_MS_MIN = 100;
export const TIMEOUT_MS_MAX = 7 * 24 * 3_600_000;
/** Attempts after the first that a task gets, unless its spec says otherwise. */
export const RETRIES_DEFAULT = 2;
export const DEPENDENCIES_MAX = 1000;

/** What a task is, once every default is filled in. */
export class TaskSpec {
  @Id() taskId!: string;
  /** Unique in its run; how people and plans name the task. */
  @Describe('Unique in its run.') @Id() key!: string;
  @Text({ min: 1, max: 200 }) title!: string;
  @Name() role!: string;
  @Names({ max: 32 }) skills!: string[];
  @Names({ max: 32 }) prefer!: string[];
  @Optional() @Verbatim() @Text({ min: 1, max: 32_768 }) run?: string;
  @Optional() @Text({ min: 1, max: 32_768 }) prompt?: string;
  @Optional() @Verbatim() @Text({ min: 1, max: 4096 }) cwd?: string;
  @Optional() @EnvMap() env?: Record<string, string>;
  /** Task ids, of the same run, that must complete first. */
  @Ids({ max: DEPENDENCIES_MAX }) dependsOn!: string[];
  /** 0 is first, 9 is last. */
  @Whole({ min: 0, max: 9 }) priority!: number;
  /** Of one attempt, from its start. */
  @Whole({ min: TIMEOUT_MS_MIN, max: TIMEOUT_MS_MAX }) timeoutMs!: number;
  /** Attempts after the first. */
  @Whole({ min: 0, max: 100 }) retries!: number;
}
