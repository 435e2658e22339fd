import { spawn } from 'node:child_process';

/** How a program ended, and all that it wrote. */
export interface ProgramResult {
  /** 128 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A test's own limit is longer, so that it can say what the program wrote until then. */
const PROGRAM_TIMEOUT_MS = 200_000;

export interface ProgramPlace {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a program to its end, with an empty input and exactly this environment. */
export function runProgram(program: string, args: readonly string[], place: ProgramPlace): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...place, stdio: ['ignore', 'pipe', 'pipe'], timeout: PROGRAM_TIMEOUT_MS });
    const written = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 128, ...written }));
  });
}

/** The environment without what Nx and Jest put into it, which would point a nested run at the outer one's workspace. */
export function plainEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(NX_|JEST_|npm_|LERNA_|FORCE_COLOR$|NODE_OPTIONS$)/.test(name));
  return { ...Object.fromEntries(kept), NX_DAEMON: 'false', NO_COLOR: '1' };
}
