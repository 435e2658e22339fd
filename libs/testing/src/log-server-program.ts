import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export type LogServerKind = 'redis' | 'valkey' | 'dragonfly';

export interface LogServerProgram {
  readonly kind: LogServerKind;
  readonly path: string;
}

/** Those with an AOF first: most faults are about what is left after a crash. */
const PROGRAMS: Readonly<Record<LogServerKind, string>> = { redis: 'redis-server', valkey: 'valkey-server', dragonfly: 'dragonfly' };

const DRAGONFLY_MEMORY = '512mb';

/** The first log server on the PATH. @throws Error that names the ways to get one. */
export function findLogServerProgram(kind?: LogServerKind, searchPath = process.env.PATH ?? ''): LogServerProgram {
  const kinds = kind ? [kind] : (Object.keys(PROGRAMS) as LogServerKind[]);
  for (const kind of kinds) {
    const path = searchPath
      .split(delimiter)
      .map((folder) => join(folder, PROGRAMS[kind]))
      .find(isExecutable);
    if (path) return { kind, path };
  }
  const names = kinds.map((kind) => PROGRAMS[kind]).join(', ');
  throw new Error(`Tests need a log server on the PATH (${names}), such as Debian's redis-server, or TORCH_TEST_LOG_URL.`);
}

export interface LogServerSettings {
  readonly port: number;
  readonly dataDir: string;
  /** When an AOF goes to disk: `always` before every answer; with `everysec` a crash may cost what was answered last. */
  readonly appendfsync: 'everysec' | 'always';
}

/** How it is started: loopback only, its data in `dataDir`, in the foreground. */
export function logServerArguments({ kind }: LogServerProgram, { port, dataDir, appendfsync }: LogServerSettings): string[] {
  if (kind === 'dragonfly') {
    return [
      '--bind=127.0.0.1',
      `--port=${port}`,
      `--dir=${dataDir}`,
      '--dbfilename=torch-{timestamp}',
      '--snapshot_cron=* * * * *',
      '--cluster_mode=emulated',
      `--maxmemory=${DRAGONFLY_MEMORY}`,
      '--proactor_threads=2',
      '--logtostderr',
    ];
  }
  return [
    '--bind',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--dir',
    dataDir,
    '--daemonize',
    'no',
    '--appendonly',
    'yes',
    '--appendfsync',
    appendfsync,
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
  ];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
