import { readS3Url, StoreUrlInvalid, UPLOADS_DEFAULTS, type UploadsConfig } from '@torch/archive';
import { EnvironmentInvalid, EnvironmentReader } from '@torch/platform';

/** Where sealed segments are kept besides the archive's directory. Times in milliseconds. */
export interface StoreConfig extends UploadsConfig {
  /** `TORCH_ARCHIVE_S3_URL`: `s3://bucket/prefix?endpoint=…&region=…` or `file:///directory`; absent: nowhere. */
  readonly url?: string;
}

export const STORE_CONFIG = Symbol('STORE_CONFIG');

/** @throws EnvironmentInvalid naming every variable whose value does not fit. */
export function readStoreConfig(variables: NodeJS.ProcessEnv): StoreConfig {
  const read = new EnvironmentReader(variables);
  const whole = (name: keyof UploadsConfig, variable: string, min: number, max: number): number =>
    read.whole(`TORCH_AUDIT_${variable}`, { min, max }) ?? UPLOADS_DEFAULTS[name];
  const url = read.text('TORCH_ARCHIVE_S3_URL');
  const config: StoreConfig = {
    uploadsMax: whole('uploadsMax', 'UPLOADS_MAX', 1, 64),
    uploadRetryMs: whole('uploadRetryMs', 'UPLOAD_RETRY_MS', 10, 3_600_000),
    uploadRetryMsMax: whole('uploadRetryMsMax', 'UPLOAD_RETRY_MS_MAX', 10, 24 * 3_600_000),
    ...(url !== undefined && { url }),
  };
  const problems = [...read.problems, ...urlProblem(url)];
  if (problems.length > 0) throw new EnvironmentInvalid(problems);
  return config;
}

function urlProblem(url: string | undefined): string[] {
  if (url === undefined || url.startsWith('file:///')) return [];
  try {
    readS3Url(url);
    return [];
  } catch (error) {
    if (error instanceof StoreUrlInvalid) return [`TORCH_ARCHIVE_S3_URL: ${error.message}`];
    throw error;
  }
}
