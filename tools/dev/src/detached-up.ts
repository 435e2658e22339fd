import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createDataDir, type DataDir } from './data-dir';
import { READY_TIMEOUT_MS } from './supervisor';
import { UpFailed, UpInterrupted } from './up.errors';

/** On top of what the services get to become ready: for the process itself, and for stopping again when they do not. */
const DETACHED_MARGIN_MS = 20_000;

/** What a detached `torch up` tells the one that started it, over IPC. */
export type DetachedMessage = { readonly type: 'up'; readonly url: string } | { readonly type: 'failed'; readonly message: string };

export interface DetachedUp {
  readonly pid: number;
  readonly url: string;
}

/**
 * Runs `torch up` in the background and resolves once it is ready. It then goes on by itself, whatever happens to this process.
 *
 * @param cli the command's script and its arguments.
 * @throws UpFailed with what it said when it does not come up; UpInterrupted on `signal`.
 */
export async function upDetached(
  cli: readonly [script: string, ...args: string[]],
  dataDir: DataDir,
  signal: AbortSignal,
): Promise<DetachedUp> {
  createDataDir(dataDir);
  const logPath = join(dataDir.logs, 'torch.log');
  const output = openSync(logPath, 'a', 0o600);
  const [script, ...args] = cli;
  const child = fork(script, args, { detached: true, execArgv: [], stdio: ['ignore', output, output, 'ipc'] });
  closeSync(output);
  const timeoutMs = READY_TIMEOUT_MS + DETACHED_MARGIN_MS;
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new UpFailed(`Torch is not ready after ${timeoutMs / 1000} s; see ${logPath}.`)), timeoutMs);
      child.once('message', (message: DetachedMessage) => {
        clearTimeout(timer);
        if (message.type === 'up') resolve(message.url);
        else reject(new UpFailed(message.message));
      });
      child.once('exit', (code, by) => {
        clearTimeout(timer);
        reject(new UpFailed(`Torch ended before it was ready (${by ?? `exit code ${code}`}); see ${logPath}.`));
      });
      child.once('error', reject);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        child.kill('SIGTERM');
        reject(new UpInterrupted());
      });
    });
    return { pid: child.pid ?? 0, url };
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}
