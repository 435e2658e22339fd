import { type AclKind, aclFile, type LogPasswords, READER } from '@torch/log-dragonfly/access';
import { randomBytes } from 'node:crypto';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file';
import type { CappedLog } from './capped-log';
import type { DataDir } from './data-dir';
import type { LogServerBinary } from './log-server.binary';
import { withUser } from './log-passwords';
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
  /** Of each of its users; new with every `torch up`. */
  readonly passwords: LogPasswords;
  readonly log: CappedLog;
}

/** Its address, without a user. */
export const embeddedLogUrl = ({ port }: Pick<EmbeddedLogServer, 'port'>): string => `redis://${LOG_SERVER_HOST}:${port}`;

/** Writes down who may do what: nobody but Torch's users may do anything. */
export function writeLogUsers({ binary, dataDir, passwords }: Pick<EmbeddedLogServer, 'binary' | 'dataDir' | 'passwords'>): void {
  const kind: AclKind = binary.kind;
  writeFileAtomically(dataDir.logUsers, aclFile({ kind, passwords }));
}

/** How the embedded log server is run: loopback only, for Torch's users only, its data in the data directory. */
export function logServerPlan(server: EmbeddedLogServer): ProcessPlan {
  const { binary, dataDir, log, passwords } = server;
  const url = withUser(embeddedLogUrl(server), READER, passwords);
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

/** Redis and Valkey: AOF every second, no snapshots. The configuration goes in by standard input. */
function redisCommand({ dataDir, port }: EmbeddedLogServer): Pick<ProcessPlan, 'args' | 'input' | 'env'> {
  const settings = [
    `bind ${LOG_SERVER_HOST}`,
    `port ${port}`,
    `aclfile "${dataDir.logUsers}"`,
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
function dragonflyCommand({ dataDir, port }: EmbeddedLogServer): Pick<ProcessPlan, 'args' | 'env'> {
  return {
    args: [
      `--bind=${LOG_SERVER_HOST}`,
      `--port=${port}`,
      `--dir=${dataDir.log}`,
      `--aclfile=${dataDir.logUsers}`,
      `--pidfile=${join(dataDir.log, 'log-server.pid')}`,
      '--dbfilename=torch-{timestamp}',
      '--snapshot_cron=* * * * *',
      '--cluster_mode=emulated',
      '--cache_mode=false',
      `--maxmemory=${Math.floor(totalmem() * DRAGONFLY_MEMORY_SHARE)}`,
      '--logtostderr',
    ],
    // Where it cannot read its users it starts all the same, open to everybody who knows this: nobody.
    env: { ...process.env, DFLY_requirepass: randomBytes(24).toString('base64url') },
  };
}
