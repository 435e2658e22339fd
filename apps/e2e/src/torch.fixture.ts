import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { waitUntil } from '@torch/testing';

const ROOT = resolve(__dirname, '../../..');
const CLI = join(ROOT, 'dist/apps/cli/main.js');
const CLI_MS_MAX = 120_000;

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProcess {
  readonly name: string;
  readonly phase: string;
  readonly pid?: number;
  readonly restarts: number;
}

export interface TorchState {
  readonly pid: number;
  readonly url: string;
  readonly logUrl: string;
  readonly logServer?: RunningProcess;
  readonly services: readonly RunningProcess[];
}

/** A whole Torch as its users have it: the built command, real services, a real log server, a data directory of its own. */
export class Torch {
  readonly root = mkdtempSync(join(tmpdir(), 'torch-e2e-'));
  readonly data = join(this.root, 'data');
  /** Where plans are run from. */
  readonly work = this.root;

  constructor(private readonly env: NodeJS.ProcessEnv = {}) {
    if (!existsSync(CLI)) throw new Error('The CLI is not built: run "npm run build" first.');
  }

  async up(): Promise<void> {
    const { code, stderr } = await this.cli('up', '--detach', '--port', '0');
    if (code !== 0) throw new Error(`torch up ended with ${code}: ${stderr}`);
  }

  state(): TorchState {
    return JSON.parse(readFileSync(join(this.data, 'torch.json'), 'utf8')) as TorchState;
  }

  pidOf(name: string): number {
    const state = this.state();
    const found = name === 'log' ? state.logServer : state.services.find((service) => service.name === name);
    if (found?.pid === undefined) throw new Error(`${name} has no process now.`);
    return found.pid;
  }

  /** The log server as this service reaches it: under its own user, of whom only that process knows. */
  logUrlOf(service: string): string {
    const variables = read(`/proc/${this.pidOf(service)}/environ`).split('\0');
    return variables.find((variable) => variable.startsWith('TORCH_LOG_URL='))?.slice('TORCH_LOG_URL='.length) ?? '';
  }

  /** Runs the built command to its end. */
  cli(...args: string[]): Promise<CliResult> {
    return new Promise((done) => {
      execFile(
        process.execPath,
        [CLI, '--data', this.data, ...args],
        { cwd: this.work, env: this.environment(), timeout: CLI_MS_MAX, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => done({ code: error ? ((error.code as unknown as number) ?? -1) : 0, stdout, stderr }),
      );
    });
  }

  /** The one JSON object that a command with --json ends with. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.cli('--json', ...args);
    try {
      return JSON.parse(stdout) as T;
    } catch {
      throw new Error(`torch ${args.join(' ')} ended with ${code} and no JSON: ${stdout}${stderr}`);
    }
  }

  start(...args: string[]): ChildProcess {
    return spawn(process.execPath, [CLI, '--data', this.data, ...args], {
      cwd: this.work,
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  plan(name: string, plan: object | string): string {
    const path = join(this.work, name);
    writeFileSync(path, typeof plan === 'string' ? plan : JSON.stringify(plan));
    return path;
  }

  async http(method: string, path: string, body?: object | string, headers: Record<string, string> = {}): Promise<Response> {
    const token = readFileSync(join(this.data, 'token'), 'utf8').trim();
    return fetch(`${this.state().url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
  }

  /** Every process that belongs to this Torch: by its data directory in the command line or the environment, or by its working directory. */
  processes(): string[] {
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && this.owns(pid))
      .map((pid) => `${pid} ${commandOf(pid)}`);
  }

  private owns(pid: string): boolean {
    return [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`), link(`/proc/${pid}/cwd`)].some((text) => text.includes(this.root));
  }

  /** Stops everything, and proves that nothing is left. */
  async down(): Promise<void> {
    await this.cli('down');
    await waitUntil(() => this.processes().length === 0, {
      what: `all processes to end, but there are ${this.processes().join('; ')}`,
      deadlineMs: 15_000,
    });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private environment(): NodeJS.ProcessEnv {
    const {
      TORCH_LOG_URL: _log,
      TORCH_DATA_DIR: _data,
      TORCH_TOKEN: _token,
      TORCH_URL: _url,
      OTEL_EXPORTER_OTLP_ENDPOINT: _otel,
      ...rest
    } = process.env;
    return { ...rest, ...this.env };
  }
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It ended, or is not ours to look at.
  }
};

const link = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

const commandOf = (pid: string): string => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 120);

export interface RunResult {
  readonly runId: string;
  readonly project: string;
  readonly status: string;
  readonly durationMs: number;
  readonly tasks: {
    readonly total: number;
    readonly completed: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly deadLettered: number;
    readonly skipped: number;
  };
  readonly results: readonly {
    readonly key: string;
    readonly taskId: string;
    readonly status: string;
    readonly attempts: number;
    readonly agentId?: string;
    readonly exitCode?: number;
    readonly durationMs?: number;
  }[];
}

/** One that is up for all tests beside this call, and is gone behind them. */
export function runningTorch(): Torch {
  const torch = new Torch();
  beforeAll(() => torch.up(), 60_000);
  afterAll(async () => {
    await torch.down();
    torch.remove();
  }, 30_000);
  return torch;
}
