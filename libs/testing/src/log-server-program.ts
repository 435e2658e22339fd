import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { CertificateFiles } from './certificates';

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

/** What a server shows, and whose certificates it wants to see of its clients; without `ca` it wants none. */
export interface TlsFiles extends CertificateFiles {
  readonly ca?: string;
}

export interface LogServerSettings {
  readonly port: number;
  readonly dataDir: string;
  /** When an AOF goes to disk: `always` before every answer; with `everysec` a crash may cost what was answered last; `none`: there is no AOF. */
  readonly appendfsync: 'everysec' | 'always' | 'none';
  /** File with its users; absent: everybody may do everything. */
  readonly aclFile?: string;
  /** It speaks TLS alone. */
  readonly tls?: TlsFiles;
}

/** How it is started: loopback only, its data in `dataDir`, in the foreground. */
export function logServerArguments({ kind }: LogServerProgram, settings: LogServerSettings): string[] {
  const { port, dataDir, appendfsync, aclFile, tls } = settings;
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
      ...(aclFile ? [`--aclfile=${aclFile}`] : []),
      ...(tls ? ['--tls', `--tls_cert_file=${tls.cert}`, `--tls_key_file=${tls.key}`] : []),
      ...(tls?.ca ? [`--tls_ca_cert_file=${tls.ca}`] : []),
    ];
  }
  return [
    '--bind',
    '127.0.0.1',
    ...(tls ? ['--port', '0', '--tls-port', `${port}`, ...redisTls(tls)] : ['--port', `${port}`]),
    '--dir',
    dataDir,
    '--daemonize',
    'no',
    '--appendonly',
    ...(appendfsync === 'none' ? ['no'] : ['yes', '--appendfsync', appendfsync]),
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
    ...(aclFile ? ['--aclfile', aclFile] : []),
  ];
}

function redisTls({ cert, key, ca }: TlsFiles): string[] {
  const files = ['--tls-cert-file', cert, '--tls-key-file', key];
  return ca ? [...files, '--tls-ca-cert-file', ca] : [...files, '--tls-auth-clients', 'no'];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
