import { stopAgentsOf } from '@torch/agent';
import { type LogPasswords, type LogTls, LogTlsInvalid, READER, readLogTls, userOf } from '@torch/log-dragonfly/access';
import { ensureCredentials } from './credentials';
import { createDataDir, type DataDir } from './data-dir';
import { lockDataDir } from './data-dir-lock';
import { checkPortIsFree, freePort } from './free-port';
import { removeLeftovers } from './leftovers';
import { newLogPasswords, readLogPasswords, withUser } from './log-passwords';
import { checkLogServerVersion, findLogServer } from './log-server.binary';
import { probeLogServer } from './log-server.probe';
import { embeddedLogUrl, LOG_SERVER_HOST } from './log-server.process';
import { checkServicesAreBuilt, type LogUrls } from './service-plan';
import { Supervisor, type SupervisorPlan } from './supervisor';
import { readTorchState, type TorchState } from './torch-state';
import { UpFailed } from './up.errors';

export const GATEWAY_PORT_DEFAULT = 7420;
export const GATEWAY_HOST_DEFAULT = '127.0.0.1';

export interface UpOptions {
  readonly dataDir: DataDir;
  /** Of the gateway; 0 takes any free one. */
  readonly port: number;
  readonly host?: string;
  /** Holds `<service>/main.js` of every service. */
  readonly servicesDir: string;
  /** Somebody else's log server; without one, Torch starts its own. */
  readonly logUrl?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly readyTimeoutMs?: number;
  /** Told what is being done, a sentence at a time. */
  readonly report: (line: string) => void;
}

/** A Torch that is up. */
export interface RunningTorch {
  readonly url: string;
  readonly token: string;
  state(): TorchState;
  /** In order, within 10 s, or sooner once `now` is aborted; the lock is free afterwards. */
  stop(): Promise<void>;
}

/** How somebody says that it is to end. */
export interface StopSignals {
  /** Before it is up: it is not to come up any more. */
  readonly soon: AbortSignal;
  /** Everything is killed at once, whatever it is doing. */
  readonly now: AbortSignal;
}

/**
 * Starts Torch on a data directory and resolves once every service is ready.
 *
 * @throws UpFailed naming what is in the way and the way out; UpInterrupted on `signals.soon`. Nothing is left running then.
 */
export async function startTorch(options: UpOptions, signals: StopSignals): Promise<RunningTorch> {
  checkServicesAreBuilt(options.servicesDir);
  createDataDir(options.dataDir);
  const lock = lockDataDir(options.dataDir);
  try {
    const { plan, token } = await prepare(options);
    const supervisor = new Supervisor(plan);
    signals.now.addEventListener('abort', () => supervisor.kill(), { once: true });
    try {
      await supervisor.start(signals.soon);
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
    const stop = async (): Promise<void> => {
      await supervisor.stop();
      lock.release();
    };
    return { url: plan.services.url, token, state: () => supervisor.state(), stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function prepare(options: UpOptions): Promise<{ plan: SupervisorPlan; token: string }> {
  const { dataDir, servicesDir, report, host = GATEWAY_HOST_DEFAULT, readyTimeoutMs } = options;
  const previousUrl = readTorchState(dataDir)?.url;
  const leftovers = await removeLeftovers(dataDir);
  if (leftovers.length > 0) report(`Ended what a killed Torch had left running: ${leftovers.join(', ')}.`);

  const port = options.port === 0 ? await freePort(host) : options.port;
  await checkPortIsFree(host, port);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  // Agents that a killed Torch left are taken over by the spawner, unless they would look for the gateway in vain.
  if (previousUrl !== undefined && previousUrl !== url) await stopAgentsOf(dataDir.root);

  const { secret, token } = await ensureCredentials(dataDir);
  const { embedded, logUrls, env } =
    options.logUrl === undefined ? await embeddedLogServer(options) : await externalLogServer(options.logUrl, options);
  return {
    token,
    plan: { dataDir, embedded, readyTimeoutMs, services: { servicesDir, env, dataRoot: dataDir.root, logUrls, host, port, url, secret } },
  };
}

interface ChosenLogServer {
  readonly embedded?: SupervisorPlan['embedded'];
  readonly logUrls: LogUrls;
  /** What the services are told of it besides. */
  readonly env: NodeJS.ProcessEnv;
}

/** What belongs to a log server elsewhere, and would mislead one's own. */
const TLS_VARIABLES = ['TORCH_LOG_CA', 'TORCH_LOG_CERT', 'TORCH_LOG_KEY', 'TORCH_LOG_SERVER_NAME'] as const;

async function embeddedLogServer({ env, report }: UpOptions): Promise<ChosenLogServer> {
  const binary = await findLogServer();
  const port = await freePort(LOG_SERVER_HOST);
  report(`Log server: ${binary.kind} ${binary.version} (${binary.path}) on ${LOG_SERVER_HOST}:${port}.`);
  const passwords = newLogPasswords();
  return {
    embedded: { binary, port, passwords },
    logUrls: urlsOfUsers(embeddedLogUrl({ port }), passwords),
    env: { ...env, ...Object.fromEntries(TLS_VARIABLES.map((name) => [name, undefined])) },
  };
}

async function externalLogServer(logUrl: string, { env, report }: UpOptions): Promise<ChosenLogServer> {
  const passwordsFile = env.TORCH_LOG_PASSWORDS?.trim();
  const logUrls = passwordsFile ? urlsOfUsers(logUrl, readLogPasswords(passwordsFile)) : { reader: logUrl, of: () => logUrl };
  await checkExternalLogServer(logUrls.reader, tlsOf(logUrl, env), report);
  return { logUrls, env };
}

const urlsOfUsers = (url: string, passwords: LogPasswords): LogUrls => ({
  reader: withUser(url, READER, passwords),
  of: (service) => withUser(url, userOf(service), passwords),
});

function tlsOf(logUrl: string, env: NodeJS.ProcessEnv): LogTls | undefined {
  try {
    return readLogTls(logUrl, env);
  } catch (error) {
    if (error instanceof LogTlsInvalid) throw new UpFailed(error.message, { cause: error });
    throw error;
  }
}

async function checkExternalLogServer(logUrl: string, tls: LogTls | undefined, report: UpOptions['report']): Promise<void> {
  const address = withoutPassword(logUrl);
  const info = await probeLogServer(logUrl, tls).catch((error: Error) => {
    throw new UpFailed(
      `The log server at ${address} (TORCH_LOG_URL) is not reachable: ${error.message}. Start it, or unset TORCH_LOG_URL.`,
      { cause: error },
    );
  });
  checkLogServerVersion(info.kind, info.version, `at ${address}`);
  report(`Log server: ${info.kind} ${info.version} at ${address} (TORCH_LOG_URL).`);
}

/** For people to read: the address without its credentials. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
