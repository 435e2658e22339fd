import { stopAgentsOf } from '@torch/agent';
import { randomBytes } from 'node:crypto';
import { ensureCredentials } from './credentials';
import { createDataDir, type DataDir } from './data-dir';
import { lockDataDir } from './data-dir-lock';
import { checkPortIsFree, freePort } from './free-port';
import { removeLeftovers } from './leftovers';
import { checkLogServerVersion, findLogServer } from './log-server.binary';
import { probeLogServer } from './log-server.probe';
import { embeddedLogUrl, LOG_SERVER_HOST } from './log-server.process';
import { checkServicesAreBuilt } from './service-plan';
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
  const { dataDir, servicesDir, env, report, host = GATEWAY_HOST_DEFAULT, readyTimeoutMs } = options;
  const previousUrl = readTorchState(dataDir)?.url;
  const leftovers = await removeLeftovers(dataDir);
  if (leftovers.length > 0) report(`Ended what a killed Torch had left running: ${leftovers.join(', ')}.`);

  const port = options.port === 0 ? await freePort(host) : options.port;
  await checkPortIsFree(host, port);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  // Agents that a killed Torch left are taken over by the spawner, unless they would look for the gateway in vain.
  if (previousUrl !== undefined && previousUrl !== url) await stopAgentsOf(dataDir.root);

  const { secret, token } = await ensureCredentials(dataDir);
  const embedded = options.logUrl === undefined ? await embeddedLogServer(report) : undefined;
  if (options.logUrl !== undefined) await checkExternalLogServer(options.logUrl, report);
  const logUrl = options.logUrl ?? (embedded && embeddedLogUrl(embedded)) ?? '';
  return {
    token,
    plan: { dataDir, embedded, readyTimeoutMs, services: { servicesDir, env, dataRoot: dataDir.root, logUrl, host, port, url, secret } },
  };
}

async function embeddedLogServer(report: UpOptions['report']): Promise<NonNullable<SupervisorPlan['embedded']>> {
  const binary = await findLogServer();
  const port = await freePort(LOG_SERVER_HOST);
  report(`Log server: ${binary.kind} ${binary.version} (${binary.path}) on ${LOG_SERVER_HOST}:${port}.`);
  return { binary, port, password: randomBytes(24).toString('base64url') };
}

async function checkExternalLogServer(logUrl: string, report: UpOptions['report']): Promise<void> {
  const address = withoutPassword(logUrl);
  const info = await probeLogServer(logUrl).catch((error: Error) => {
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
