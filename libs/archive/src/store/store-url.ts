import { fileURLToPath } from 'node:url';
import { LocalObjectStore } from './local-object-store.adapter';
import { type ObjectStore, StoreUrlInvalid } from './object-store';
import { S3ObjectStore } from './s3-object-store.adapter';

export interface S3Place {
  readonly bucket: string;
  /** Without slashes at its ends; empty for none. */
  readonly prefix: string;
  /** Default: AWS's, for the region. */
  readonly endpoint?: string;
  /** Default: `AWS_REGION`, then `us-east-1`. */
  readonly region: string;
  /** Buckets in the path and not in the host's name. Default: with an endpoint of one's own. */
  readonly forcePathStyle: boolean;
  /** Segments cannot be deleted or replaced for this long, by anybody (`COMPLIANCE`) or by those without a special right. */
  readonly lock?: { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly days: number };
}

const LOCK_DAYS_MAX = 36_500;
const PARAMETERS = ['endpoint', 'region', 'forcePathStyle', 'lock', 'lockDays'];

/**
 * The store that a URL names: `s3://bucket/prefix?endpoint=…&region=…&forcePathStyle=true&lock=COMPLIANCE&lockDays=365`, or
 * `file:///directory`.
 *
 * @throws StoreUrlInvalid naming the part that cannot be used.
 */
export async function openObjectStore(url: string, onWarning: (name: string, message: string) => void): Promise<ObjectStore> {
  if (url.startsWith('file:///')) return new LocalObjectStore(fileURLToPath(url).replace(/\/+$/, ''));
  return S3ObjectStore.open(readS3Url(url), onWarning);
}

/** @throws StoreUrlInvalid naming the part that cannot be used. */
export function readS3Url(text: string): S3Place {
  const refuse = (problem: string): never => {
    throw new StoreUrlInvalid(`An archive's store is s3://bucket/prefix?endpoint=…&region=… or file:///directory: ${problem}.`);
  };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.protocol !== 's3:' || url.hostname === '') return refuse(`"${text.slice(0, 200)}" is neither`);
  if (url.username !== '' || url.password !== '') refuse('credentials come from the environment and not from the URL');
  const { searchParams: found } = url;
  for (const name of found.keys()) if (!PARAMETERS.includes(name)) refuse(`there is no parameter "${name}"`);
  const endpoint = found.get('endpoint') ?? undefined;
  if (endpoint !== undefined && (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)))
    refuse(`endpoint "${endpoint}" is not an http address`);
  const forced = found.get('forcePathStyle') ?? String(endpoint !== undefined);
  if (forced !== 'true' && forced !== 'false') refuse(`forcePathStyle is "${forced}" and must be true or false`);
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  const region = found.get('region') ?? process.env.AWS_REGION ?? 'us-east-1';
  return { bucket: url.hostname, prefix, endpoint, region, forcePathStyle: forced === 'true', ...readLock(found, refuse) };
}

function readLock(found: URLSearchParams, refuse: (problem: string) => never): Pick<S3Place, 'lock'> {
  const mode = found.get('lock');
  const days = found.get('lockDays');
  if (mode === null && days === null) return {};
  if (mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') return refuse(`lock is "${mode ?? ''}" and must be COMPLIANCE or GOVERNANCE`);
  if (days === null || !/^\d+$/.test(days) || Number(days) < 1 || Number(days) > LOCK_DAYS_MAX)
    return refuse(`lockDays is "${days ?? ''}" and must be a whole number from 1 to ${LOCK_DAYS_MAX}`);
  return { lock: { mode, days: Number(days) } };
}
