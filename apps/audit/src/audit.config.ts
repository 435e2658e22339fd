import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

/** Every limit of the audit service. Times in milliseconds. */
export interface AuditConfig {
  /** Between two writes of a chain while it grows: what came in between is written and made durable together. */
  readonly groupMs: number;
  /** Bytes that wait to be written before reading on waits for them. */
  readonly bufferedBytesMax: number;
  /** Before a chain that cannot be carried on is looked at again. */
  readonly retryMs: number;
  /** Log entries that a check reads at a time. */
  readonly readEntriesMax: number;
}

export const AUDIT_CONFIG = Symbol('AUDIT_CONFIG');

export const AUDIT_DEFAULTS: AuditConfig = { groupMs: 5, bufferedBytesMax: 8 * 1024 * 1024, retryMs: 5000, readEntriesMax: 500 };

/** @throws EnvironmentInvalid naming every variable whose value does not fit. */
export function readAuditConfig(variables: NodeJS.ProcessEnv): AuditConfig {
  const read = new EnvironmentReader(variables);
  const whole = (name: keyof AuditConfig, variable: string, min: number, max: number): number =>
    read.whole(`TORCH_AUDIT_${variable}`, { min, max }) ?? AUDIT_DEFAULTS[name];
  const config: AuditConfig = {
    groupMs: whole('groupMs', 'GROUP_MS', 0, 10_000),
    bufferedBytesMax: whole('bufferedBytesMax', 'BUFFERED_BYTES_MAX', 1024, 1024 ** 3),
    retryMs: whole('retryMs', 'RETRY_MS', 10, 3_600_000),
    readEntriesMax: whole('readEntriesMax', 'READ_ENTRIES_MAX', 1, 10_000),
  };
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return config;
}
