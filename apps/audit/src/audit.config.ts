import { ARCHIVE_DEFAULTS, type ArchiveConfig } from '@torch/archive';
import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

/** Every limit of the audit service's archive. Times in milliseconds, sizes in bytes. */
export type AuditConfig = ArchiveConfig;

export const AUDIT_CONFIG = Symbol('AUDIT_CONFIG');

export const AUDIT_DEFAULTS: AuditConfig = ARCHIVE_DEFAULTS;

/** @throws EnvironmentInvalid naming every variable whose value does not fit. */
export function readAuditConfig(variables: NodeJS.ProcessEnv): AuditConfig {
  const read = new EnvironmentReader(variables);
  const whole = (name: keyof AuditConfig, variable: string, min: number, max: number): number =>
    read.whole(`TORCH_AUDIT_${variable}`, { min, max }) ?? AUDIT_DEFAULTS[name];
  const config: AuditConfig = {
    groupMs: whole('groupMs', 'GROUP_MS', 0, 10_000),
    bufferedBytesMax: whole('bufferedBytesMax', 'BUFFERED_BYTES_MAX', 1024, 1024 ** 3),
    segmentBytes: whole('segmentBytes', 'SEGMENT_BYTES', 1024, 1024 ** 3),
    segmentMs: whole('segmentMs', 'SEGMENT_MS', 10, 24 * 3_600_000),
    checkpointMs: whole('checkpointMs', 'CHECKPOINT_MS', 10, 3_600_000),
    retryMs: whole('retryMs', 'RETRY_MS', 10, 3_600_000),
    slowMs: whole('slowMs', 'SLOW_MS', 10, 3_600_000),
    lockStaleMs: whole('lockStaleMs', 'LOCK_STALE_MS', 1000, 3_600_000),
  };
  if (read.problems.length > 0) throw new EnvironmentInvalid(read.problems);
  return config;
}
