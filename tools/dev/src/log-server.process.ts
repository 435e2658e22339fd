import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { CappedLog } from './capped-log';
import type { DataDir } from './data-dir';
import type { LogServerBinary } from './log-server.binary';
import { logServerServes } from './log-server.probe';
import type { ProcessPlan } from './supervised-process';

export const LOG_SERVER_HOST = '127.0.0.1';
/** A log server that does not serve by then, its data read, is started over. */
export const LOG_SERVER_SERVES_TIMEOUT_MS = 60_000;

/** Of the machine's memory, what an embedded Dragonfly may fill before it refuses writes. */
const DRAGONFLY_MEMORY_SHARE = 0.5;

export interface EmbeddedLogServer {
  readonly binary: LogServerBinary;
  readonly dataDir: DataDir;
  /** On loopback; private, and the same for as long as this Torch is up. */
  readonly port: number;
  readonly password: string;
  readonly log: CappedLog;
}

export const embeddedLogUrl = ({ port, password }: Pick<EmbeddedLogServer, 'port' | 'password'>): string =>
  `redis://:${password}@${LOG_SERVER_HOST}:${port}`;

/** How the embedded log server is run: loopback only, with a password, its data in the data directory. */
export function logServerPlan(server: EmbeddedLogServer): ProcessPlan {
  const { binary, dataDir, log } = server;
  const url = embeddedLogUrl(server);
  return {
    name: 'log-server',
    command: binary.path,
    cwd: dataDir.log,
    log,
    readiness: async (gone) => {
      await logServerServes(url, LOG_SERVER_SERVES_TIMEOUT_MS, gone);
    },
    ...(binary.kind === 'dragonfly' ? dragonflyCommand(server) : redisCommand(server)),
  };
}

/** Redis and Valkey: AOF every second, no snapshots. The configuration goes in by standard input, so that nobody reads the password off `ps`. */
function redisCommand({ dataDir, port, password }: EmbeddedLogServer): Pick<ProcessPlan, 'args' | 'input' | 'env'> {
  const settings = [
    `bind ${LOG_SERVER_HOST}`,
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${dataDir.log}"`,
    `pidfile "${join(dataDir.log, 'log-server.pid')}"`,
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
  ];
  return { args: ['-'], input: `${settings.join('\n')}\n`, env: process.env };
}

/** Dragonfly has no AOF: a snapshot every minute and at its end; Torch's archive has what is younger. Flags may come as `DFLY_` variables. */
function dragonflyCommand({ dataDir, port, password }: EmbeddedLogServer): Pick<ProcessPlan, 'args' | 'env'> {
  return {
    args: [
      `--bind=${LOG_SERVER_HOST}`,
      `--port=${port}`,
      `--dir=${dataDir.log}`,
      `--pidfile=${join(dataDir.log, 'log-server.pid')}`,
      '--dbfilename=torch-{timestamp}',
      '--snapshot_cron=* * * * *',
      '--cluster_mode=emulated',
      '--cache_mode=false',
      `--maxmemory=${Math.floor(totalmem() * DRAGONFLY_MEMORY_SHARE)}`,
      '--logtostderr',
    ],
    env: { ...process.env, DFLY_requirepass: password },
  };
}
