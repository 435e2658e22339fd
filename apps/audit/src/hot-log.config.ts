import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

/** How much of the log stays on the log server. */
export interface HotLogConfig {
  /** Commits of a partition that stay at least; 0: all of them. */
  readonly commitsMax: number;
  /** Between two looks whether there are more, in milliseconds. */
  readonly everyMs: number;
}

export const HOT_LOG_CONFIG = Symbol('HOT_LOG_CONFIG');

export const HOT_LOG_DEFAULTS: HotLogConfig = { commitsMax: 0, everyMs: 60_000 };

/** @throws EnvironmentInvalid naming every variable whose value does not fit. */
export function readHotLogConfig(variables: NodeJS.ProcessEnv): HotLogConfig {
  const read = new EnvironmentReader(variables);
  const config: HotLogConfig = {
    commitsMax: read.whole('TORCH_HOT_LOG_COMMITS_MAX', { min: 0, max: 1_000_000_000 }) ?? HOT_LOG_DEFAULTS.commitsMax,
    everyMs: read.whole('TORCH_HOT_LOG_EVERY_MS', { min: 100, max: 24 * 3_600_000 }) ?? HOT_LOG_DEFAULTS.everyMs,
  };
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return config;
}
