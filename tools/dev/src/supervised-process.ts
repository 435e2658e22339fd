import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { describeThrown } from '@torch/kernel';
import type { CappedLog } from './capped-log';
import { identify } from './process-identity';
import type { ProcessPhase, ProcessState } from './torch-state';

/** How a crashed process comes back: after `firstMs`, then twice as long each time, up to `mostMs`. */
export interface RestartBackoff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** A process that lived this long starts over at `firstMs`. */
  readonly resetAfterMs: number;
}

export const RESTART_BACKOFF: RestartBackoff = { firstMs: 200, mostMs: 5000, resetAfterMs: 30_000 };

/** How long the last words of an ended process are waited for; its own children may hold its output open. */
const DRAIN_MS = 500;

export interface ProcessPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Given to the process on its standard input, for what must not be seen among its arguments. */
  readonly input?: string;
  /**
   * How it says that it serves: `ipc` for messages `{type: 'ready'}` and `{type: 'not-ready'}`, else a question that
   * resolves once it does and gives up when the signal says that the process is gone.
   */
  readonly readiness: 'ipc' | ((gone: AbortSignal) => Promise<void>);
  readonly log: CappedLog;
  readonly backoff?: RestartBackoff;
}

/**
 * Keeps one process running: started in a process group of its own (a Ctrl-C in the terminal reaches the supervisor
 * alone), its output in a capped file, restarted with back-off whenever it ends unasked.
 */
export class SupervisedProcess {
  private child: ChildProcess | undefined;
  private current: ProcessState;
  private crashesInRow = 0;
  private stopping = false;
  private restartTimer: NodeJS.Timeout | undefined;
  private ended: Promise<void> = Promise.resolve();
  private drained: Promise<void> = Promise.resolve();

  constructor(
    private readonly plan: ProcessPlan,
    private readonly onChange: (state: ProcessState) => void,
  ) {
    this.current = { name: plan.name, phase: 'stopped', restarts: 0, sinceMs: Date.now() };
  }

  get state(): ProcessState {
    return this.current;
  }

  start(): void {
    this.stopping = false;
    this.launch();
  }

  /** SIGTERM, then SIGKILL to its whole group once `graceMs` are over. Resolves when it is gone. True when it went by itself. */
  async stop(graceMs: number): Promise<boolean> {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    this.child?.kill('SIGTERM');
    const inTime = await Promise.race([this.ended.then(() => true), delay(graceMs, false, { ref: false })]);
    if (!inTime) {
      this.killGroup();
      await this.ended;
    }
    await Promise.race([this.drained, delay(DRAIN_MS, undefined, { ref: false })]);
    this.change('stopped', { pid: undefined, startTicks: undefined });
    return inTime;
  }

  /** SIGKILL to its whole group, at once. */
  killGroup(): void {
    this.stopping = true;
    clearTimeout(this.restartTimer);
    if (!this.child?.pid) return;
    try {
      process.kill(-this.child.pid, 'SIGKILL');
    } catch {
      this.child.kill('SIGKILL'); // It never became the leader of a group, or is gone.
    }
  }

  private launch(): void {
    const { command, args, env, cwd, input, readiness, log } = this.plan;
    const startedAtMs = Date.now();
    const child = spawn(command, args, {
      env,
      cwd,
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(readiness === 'ipc' ? (['ipc'] as const) : [])],
    });
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => log.write(chunk));
    child.stdin?.on('error', () => undefined).end(input);
    this.drained = new Promise((resolve) => child.once('close', () => resolve()));
    const gone = new AbortController();
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        if (this.child !== child) return;
        this.child = undefined;
        gone.abort();
        resolve();
        this.afterEnd(how, Date.now() - startedAtMs);
      };
      child.once('error', (error) => end(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) => end(signal ? `killed by ${signal}` : `exit code ${code}`));
    });
    this.change('starting', child.pid === undefined ? {} : identify(child.pid));
    this.watchReadiness(child, gone.signal);
  }

  private watchReadiness(child: ChildProcess, gone: AbortSignal): void {
    const { readiness } = this.plan;
    const is = (phase: ProcessPhase): void => {
      if (this.child === child && !this.stopping && this.current.phase !== phase) this.change(phase);
    };
    if (readiness === 'ipc') {
      child.on('message', (message) => {
        const { type } = (message ?? {}) as { type?: unknown };
        if (type === 'ready' || type === 'not-ready') is(type);
      });
      return;
    }
    readiness(gone).then(
      () => is('ready'),
      (error: unknown) => {
        if (gone.aborted) return;
        this.plan.log.write(`${error instanceof Error ? error.message : describeThrown(error)}\n`);
        child.kill('SIGTERM'); // It runs but does not serve: start over.
      },
    );
  }

  private afterEnd(how: string, livedMs: number): void {
    if (this.stopping) return;
    const { firstMs, mostMs, resetAfterMs } = this.plan.backoff ?? RESTART_BACKOFF;
    if (livedMs >= resetAfterMs) this.crashesInRow = 0;
    const waitMs = Math.min(firstMs * 2 ** this.crashesInRow++, mostMs);
    this.change('waiting', { pid: undefined, startTicks: undefined, lastExit: how });
    this.restartTimer = setTimeout(() => {
      this.current = { ...this.current, restarts: this.current.restarts + 1 };
      this.launch();
    }, waitMs);
  }

  private change(phase: ProcessPhase, fields: Partial<ProcessState> = {}): void {
    this.current = { ...this.current, phase, ...fields, sinceMs: Date.now() };
    this.onChange(this.current);
  }
}
