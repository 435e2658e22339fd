import type { Connection } from './connection';

interface Version {
  readonly server: string;
  readonly version: string;
  readonly oldest: string;
}

/** The oldest that Torch is known to work with. Valkey says which Redis it stands for. */
const OLDEST_REDIS = '7.0';
const OLDEST_DRAGONFLY = '1.40';

/** The log server is older than what Torch works with. */
export class LogServerTooOld extends Error {
  constructor(
    readonly server: string,
    readonly version: string,
    readonly oldest: string,
  ) {
    super(`The log server is ${server} ${version}; Torch needs ${server} ${oldest} or newer.`);
    this.name = 'LogServerTooOld';
  }
}

/** @throws LogServerTooOld; LogUnavailable. */
export async function checkServerVersion(connection: Connection): Promise<void> {
  checkVersion(await connection.ask({ what: 'version of the log server' }, (redis) => redis.info('server')));
}

/** @param info what `INFO server` answers. @throws LogServerTooOld. */
export function checkVersion(info: string): void {
  const { server, version, oldest } = versionOf(info);
  if (compareVersions(version, oldest) < 0) throw new LogServerTooOld(server, version, oldest);
}

function versionOf(info: string): Version {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(?:df-)?v?(\\S+)`, 'm').exec(info)?.[1];
  const dragonfly = field('dragonfly_version');
  if (dragonfly) return { server: 'Dragonfly', version: dragonfly, oldest: OLDEST_DRAGONFLY };
  return { server: 'Redis', version: field('redis_version') ?? '0', oldest: OLDEST_REDIS };
}

function compareVersions(a: string, b: string): number {
  const [aParts, bParts] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < 3; index++) {
    const difference = (aParts?.[index] ?? 0) - (bParts?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
