import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { UpFailed } from './up.errors';

export type LogServerKind = 'dragonfly' | 'valkey' | 'redis';

/** In the order in which they are looked for on the PATH. */
const BINARIES: readonly { readonly kind: LogServerKind; readonly name: string }[] = [
  { kind: 'dragonfly', name: 'dragonfly' },
  { kind: 'valkey', name: 'valkey-server' },
  { kind: 'redis', name: 'redis-server' },
];

/** Oldest versions that Torch works with, `[major, minor]`. */
export const LOG_SERVER_VERSION_MIN: Readonly<Record<LogServerKind, readonly [number, number]>> = {
  dragonfly: [1, 40],
  valkey: [7, 2],
  redis: [7, 0],
};

const VERSION_TIMEOUT_MS = 10_000;

export interface LogServerBinary {
  readonly kind: LogServerKind;
  readonly path: string;
  readonly version: string;
}

/**
 * The first log server on the PATH.
 *
 * @throws UpFailed when there is none, or it is too old, with the ways out.
 */
export async function findLogServer(path = process.env.PATH ?? ''): Promise<LogServerBinary> {
  for (const { kind, name } of BINARIES) {
    const found = path
      .split(delimiter)
      .map((folder) => join(folder, name))
      .find(isExecutable);
    if (!found) continue;
    const version = await versionOf(found);
    checkLogServerVersion(kind, version, found);
    return { kind, path: found, version };
  }
  throw new UpFailed(
    'There is no log server. Put one of dragonfly, valkey-server or redis-server on the PATH ("apt-get install redis-server" on Debian and Ubuntu), ' +
      'or name a running one with TORCH_LOG_URL.',
  );
}

/** @throws UpFailed when the version is older than Torch works with. `where` is the program or the address. */
export function checkLogServerVersion(kind: LogServerKind, version: string, where: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [majorMin, minorMin] = LOG_SERVER_VERSION_MIN[kind];
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  throw new UpFailed(
    `The log server ${where} is ${kind} ${version}; Torch needs ${kind} ${majorMin}.${minorMin} or later. Install a newer one, or name one with TORCH_LOG_URL.`,
  );
}

async function versionOf(path: string): Promise<string> {
  let text: string;
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: VERSION_TIMEOUT_MS });
    text = stdout;
  } catch (error) {
    throw new UpFailed(`The log server ${path} does not start: ${(error as Error).message.trim()}`, { cause: error });
  }
  const [, version] = /(?:v=|v)(\d+\.\d+(?:\.\d+)?)/.exec(text) ?? [];
  if (!version) throw new UpFailed(`The log server ${path} does not say its version, but: ${text.trim().slice(0, 200)}`);
  return version;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
