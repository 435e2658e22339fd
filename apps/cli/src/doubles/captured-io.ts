import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCli } from '../cli';
import type { CliIo } from '../cli-io';

/** A command line that was run in this process. */
export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CapturedIo extends CliIo {
  readonly written: { stdout: string; stderr: string };
  /** As Ctrl-C does. */
  interrupt(): void;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Streams that keep what is written, in a folder of their own. */
export function capturedIo(env: NodeJS.ProcessEnv = {}, terminal?: { columns: number; rows: number }): CapturedIo {
  const cwd = mkdtempSync(join(tmpdir(), 'torch-cli-'));
  folders.push(cwd);
  const written = { stdout: '', stderr: '' };
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const stream = (name: 'stdout' | 'stderr'): CliIo['stdout'] => {
    const through = new PassThrough();
    through.on('data', (chunk: Buffer) => (written[name] += chunk.toString('utf8')));
    return Object.assign(through, terminal && { isTTY: true, ...terminal });
  };
  return {
    written,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: { PATH: process.env.PATH, ...env },
    cwd,
    script: __filename,
    onStopSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    interrupt: () => listeners.forEach((listener) => listener('SIGINT')),
  };
}

export async function runCaptured(args: readonly string[], io = capturedIo()): Promise<CliRun> {
  const exitCode = await runCli(args, io);
  return { exitCode, ...io.written };
}
