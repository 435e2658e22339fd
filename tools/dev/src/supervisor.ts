import { stopAgentsOf } from '@torch/agent';
import { SERVICE_NAMES } from '@torch/contracts';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CappedLog } from './capped-log';
import type { DataDir } from './data-dir';
import { pruneDragonflySnapshots, SNAPSHOT_PRUNE_EVERY_MS } from './dragonfly-snapshots';
import { type EmbeddedLogServer, logServerPlan, writeLogUsers } from './log-server.process';
import { identify } from './process-identity';
import { readableTail } from './readable-log';
import { servicePlan, type ServiceSettings } from './service-plan';
import { type ProcessPlan, SupervisedProcess } from './supervised-process';
import { removeTorchState, type TorchState, writeTorchState } from './torch-state';
import { UpFailed, UpInterrupted } from './up.errors';

export const READY_TIMEOUT_MS = 60_000;
/** A process that crashes this often before it was ever ready is taken for broken. */
export const RESTARTS_BEFORE_READY_MAX = 4;
/** Together under the 10 s in which everything has stopped. */
export const SERVICE_GRACE_MS = 4500;
export const AGENT_GRACE_MS = 1500;
export const LOG_SERVER_GRACE_MS = 2000;
const READY_POLL_MS = 20;
const LOG_LINES_SHOWN = 15;

export interface SupervisorPlan {
  readonly dataDir: DataDir;
  readonly services: ServiceSettings;
  readonly embedded?: Omit<EmbeddedLogServer, 'log' | 'dataDir'>;
  readonly readyTimeoutMs?: number;
}

/** The processes of one Torch: the log server first and last, the services in between, and what `torch.json` says of them. */
export class Supervisor {
  private readonly logs: CappedLog[] = [];
  private readonly logServer: SupervisedProcess | undefined;
  private readonly services: readonly SupervisedProcess[];
  private readonly startedAtMs = Date.now();
  private phase: TorchState['phase'] = 'starting';
  private pruning: NodeJS.Timeout | undefined;
  private stopped: Promise<void> | undefined;

  constructor(private readonly plan: SupervisorPlan) {
    const { dataDir, embedded, services } = plan;
    this.logServer = embedded && this.supervised(logServerPlan({ ...embedded, dataDir, log: this.logOf('log-server') }));
    this.services = SERVICE_NAMES.map((service) => this.supervised(servicePlan(service, services, this.logOf(service))));
  }

  /** @throws UpFailed when something does not become ready, UpInterrupted on `signal`. What was started still runs then. */
  async start(signal: AbortSignal): Promise<void> {
    const deadlineAt = performance.now() + (this.plan.readyTimeoutMs ?? READY_TIMEOUT_MS);
    if (this.plan.embedded) writeLogUsers({ ...this.plan.embedded, dataDir: this.plan.dataDir });
    this.logServer?.start();
    await this.ready(this.logServer ? [this.logServer] : [], deadlineAt, signal);
    if (this.plan.embedded?.binary.kind === 'dragonfly') {
      this.pruning = setInterval(() => pruneDragonflySnapshots(this.plan.dataDir.log), SNAPSHOT_PRUNE_EVERY_MS);
    }
    for (const service of this.services) service.start();
    await this.ready(this.services, deadlineAt, signal);
    this.phase = 'ready';
    this.record();
  }

  state(): TorchState {
    const { pid, startTicks } = identify(process.pid) ?? { pid: process.pid, startTicks: 0 };
    return {
      pid,
      startTicks,
      phase: this.phase,
      url: this.plan.services.url,
      logUrl: this.plan.services.logUrls.reader,
      startedAtMs: this.startedAtMs,
      logServer: this.logServer?.state,
      services: this.services.map(({ state }) => state),
    };
  }

  /** Stops everything in order: services, then agents (nobody starts new ones any more), the log server last. At most 10 s. */
  stop(): Promise<void> {
    this.stopped ??= this.stopInOrder();
    return this.stopped;
  }

  /** Kills everything at once. `stop` then comes to its end soon. */
  kill(): void {
    for (const running of [...this.services, ...(this.logServer ? [this.logServer] : [])]) running.killGroup();
  }

  private async stopInOrder(): Promise<void> {
    this.phase = 'stopping';
    this.record();
    clearInterval(this.pruning);
    await Promise.all(this.services.map((service) => service.stop(SERVICE_GRACE_MS)));
    try {
      await stopAgentsOf(this.plan.dataDir.root, { graceMs: AGENT_GRACE_MS });
    } finally {
      await this.logServer?.stop(LOG_SERVER_GRACE_MS);
      for (const log of this.logs) log.close();
      removeTorchState(this.plan.dataDir);
    }
  }

  private async ready(processes: readonly SupervisedProcess[], deadlineAt: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitingFor = processes.filter(({ state }) => state.phase !== 'ready');
      if (waitingFor.length === 0) return;
      if (signal.aborted) throw new UpInterrupted();
      const broken = waitingFor.find(({ state }) => state.restarts >= RESTARTS_BEFORE_READY_MAX);
      if (broken) throw this.notReady(broken, `crashed ${broken.state.restarts} times (${broken.state.lastExit})`);
      if (performance.now() >= deadlineAt) {
        const [first] = waitingFor as [SupervisedProcess];
        const names = waitingFor.map(({ state }) => state.name).join(', ');
        throw this.notReady(first, `is not ready after ${(this.plan.readyTimeoutMs ?? READY_TIMEOUT_MS) / 1000} s (not ready: ${names})`);
      }
      await delay(READY_POLL_MS);
    }
  }

  private notReady({ state }: SupervisedProcess, what: string): UpFailed {
    const path = this.logPath(state.name);
    const tail = readableTail(path, LOG_LINES_SHOWN).map((line) => `  ${line}`);
    return new UpFailed([`${state.name} ${what}. The end of ${path}:`, ...(tail.length > 0 ? tail : ['  (it is empty)'])].join('\n'));
  }

  private supervised(plan: ProcessPlan): SupervisedProcess {
    return new SupervisedProcess(plan, () => this.record());
  }

  private record(): void {
    writeTorchState(this.plan.dataDir, this.state());
  }

  private logOf(name: string): CappedLog {
    const log = new CappedLog(this.logPath(name));
    this.logs.push(log);
    return log;
  }

  private logPath(name: string): string {
    return join(this.plan.dataDir.logs, `${name}.log`);
  }
}
