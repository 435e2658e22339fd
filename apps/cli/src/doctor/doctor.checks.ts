import {
  checkPortIsFree,
  findLogServer,
  GATEWAY_HOST_DEFAULT,
  GATEWAY_PORT_DEFAULT,
  probeLogServer,
  readLogPasswords,
  withoutPassword,
  withUser,
} from '@torch/dev';
import { existsSync, statfsSync, statSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CliContext } from '../cli-context';
import { failureOf } from '../cli.errors';
import { bytes } from '../text/format';
import { suspendedLines } from '../text/suspended-projects';

/** `bad` keeps Torch from working; `hint` may do so later. */
export interface Finding {
  readonly check: string;
  readonly verdict: 'ok' | 'hint' | 'bad';
  readonly found: string;
  /** What to do about it. */
  readonly wayOut?: string;
}

type Verdict = Omit<Finding, 'check'>;
type Check = (context: CliContext) => Promise<Verdict>;

const NODE_MIN = [20, 19] as const;
const DISK_BYTES_MIN = 1024 ** 3;

export const CHECKS: Readonly<Record<string, Check>> = {
  node: nodeVersion,
  'log server': logServer,
  'data directory': dataDirectory,
  'disk space': diskSpace,
  token,
  port,
  gateway,
};

async function nodeVersion(): Promise<Verdict> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  return enough ? ok(process.version) : bad(process.version, `Install Node ${NODE_MIN.join('.')} or later.`);
}

async function logServer({ io }: CliContext): Promise<Verdict> {
  const url = io.env.TORCH_LOG_URL;
  if (!url) {
    const { kind, version, path } = await findLogServer(io.env.PATH);
    return ok(`${kind} ${version} at ${path}`);
  }
  const { readLogTls } = await import('@torch/log-dragonfly/access');
  const passwords = io.env.TORCH_LOG_PASSWORDS;
  const info = await probeLogServer(passwords ? withUser(url, 'torch-reader', readLogPasswords(passwords)) : url, readLogTls(url, io.env));
  return ok(`${info.kind} ${info.version} at ${withoutPassword(url)} (TORCH_LOG_URL)`);
}

async function dataDirectory({ dataDir }: CliContext): Promise<Verdict> {
  if (!existsSync(dataDir.root)) {
    await access(dirname(dataDir.root), constants.W_OK);
    return ok(`${dataDir.root} is made by "torch up"`);
  }
  await access(dataDir.root, constants.W_OK | constants.X_OK);
  const open = [dataDir.root, dataDir.secret, dataDir.token].filter((path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0);
  return open.length === 0 ? ok(dataDir.root) : bad(`Others can read ${open.join(', ')}`, `chmod -R go= ${dataDir.root}`);
}

async function diskSpace({ dataDir }: CliContext): Promise<Verdict> {
  const { bavail, bsize } = statfsSync(existsSync(dataDir.root) ? dataDir.root : dirname(dataDir.root));
  const free = bavail * bsize;
  return free >= DISK_BYTES_MIN
    ? ok(`${bytes(free)} free`)
    : hint(`${bytes(free)} free`, 'Make room, or choose another data directory with --data.');
}

async function token(context: CliContext): Promise<Verdict> {
  try {
    context.gatewayOptions();
    return ok('there is one');
  } catch (error) {
    return hint('there is none', failureOf(error).message);
  }
}

async function port(context: CliContext): Promise<Verdict> {
  const here = context.runningHere();
  if (here) return ok(`${here.url} is served by the Torch that runs here`);
  const wanted = Number(context.io.env.TORCH_GATEWAY_PORT ?? GATEWAY_PORT_DEFAULT);
  await checkPortIsFree(GATEWAY_HOST_DEFAULT, wanted);
  return ok(`${wanted} is free`);
}

async function gateway(context: CliContext): Promise<Verdict> {
  try {
    const { version, log, services } = await context.gateway().status();
    const [suspended] = suspendedLines(services);
    if (suspended !== undefined) return bad(suspended, "Its incident is in the service's log; after an upgrade, release the project.");
    return log.ok
      ? ok(`version ${version}, the log is reachable`)
      : bad(`version ${version}, but the log is not reachable`, 'Look at the log server: "torch status".');
  } catch (error) {
    const { message } = failureOf(error);
    return context.runningHere() ? bad('not reachable', message) : hint('not running', message);
  }
}

/** Every check, whatever the others find. */
export function examine(context: CliContext): Promise<Finding[]> {
  return Promise.all(
    Object.entries(CHECKS).map(async ([check, look]) => {
      try {
        return { check, ...(await look(context)) };
      } catch (error) {
        return { check, ...bad('not as it should be', failureOf(error).message) };
      }
    }),
  );
}

const ok = (found: string): Verdict => ({ verdict: 'ok', found });
const hint = (found: string, wayOut: string): Verdict => ({ verdict: 'hint', found, wayOut });
const bad = (found: string, wayOut: string): Verdict => ({ verdict: 'bad', found, wayOut });
