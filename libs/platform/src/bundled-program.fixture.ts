import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(__dirname, '../../..');

/** A TypeScript program as a file that node runs, as the real build links them: for what only a process of its own can show. */
export class BundledProgram {
  private readonly folder = mkdtempSync(join(root, 'node_modules', '.torch-program-'));
  readonly file = join(this.folder, 'program.cjs');
  private readonly children: ChildProcess[] = [];

  constructor(entryPoint: string) {
    buildSync({
      entryPoints: [entryPoint],
      tsconfig: join(root, 'tsconfig.base.json'),
      outfile: this.file,
      bundle: true,
      platform: 'node',
      packages: 'external',
      loader: { '.lua': 'text' },
      logLevel: 'error',
    });
  }

  /** Starts it with an IPC channel and these variables on top of the essential ones. */
  start(variables: NodeJS.ProcessEnv, ...args: string[]): RunningProgram {
    const child = spawn(process.execPath, [...args, ...(args.length > 0 ? [] : [this.file])], {
      env: { PATH: process.env.PATH, ...variables },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.children.push(child);
    return new RunningProgram(child);
  }

  remove(): void {
    for (const child of this.children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}

export class RunningProgram {
  stdout = '';
  stderr = '';
  readonly messages: unknown[] = [];
  /** Exit code, or the signal that killed it. */
  readonly ended: Promise<number | string>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk) => (this.stdout += String(chunk)));
    child.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
    child.on('message', (message) => this.messages.push(message));
    const exited = new Promise<number | string>((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')));
    // Not the child's own 'close', which does not come once its parent has disconnected.
    const closed = [child.stdout, child.stderr].map((stream) => new Promise((resolve) => stream?.on('close', resolve)));
    this.ended = Promise.all([exited, ...closed]).then(([code]) => code);
  }
}
