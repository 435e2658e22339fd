import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

export interface RetentionConfig {
  /** Between two looks for what has expired, in milliseconds; 0: only when somebody asks. */
  readonly everyMs: number;
}

export const RETENTION_CONFIG = Symbol('RETENTION_CONFIG');

export const RETENTION_DEFAULTS: RetentionConfig = { everyMs: 3_600_000 };

/** @throws EnvironmentInvalid naming the variable whose value does not fit. */
export function readRetentionConfig(variables: NodeJS.ProcessEnv): RetentionConfig {
  const read = new EnvironmentReader(variables);
  const everyMs = read.whole('TORCH_AUDIT_RETENTION_EVERY_MS', { min: 0, max: 7 * 24 * 3_600_000 }) ?? RETENTION_DEFAULTS.everyMs;
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return { everyMs };
}
