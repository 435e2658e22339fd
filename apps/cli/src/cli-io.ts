import type { Writable } from 'node:stream';

/** A signal within this time of the one before is the same Ctrl-C: npm passes on what the terminal has sent already. */
export const SAME_SIGNAL_MS = 400;

/** The world around the command; tests hand in their own. */
export interface CliIo {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly env: NodeJS.ProcessEnv;
  /** Absolute. */
  readonly cwd: string;
  /** The built command itself, for starting it again. */
  readonly script: string;
  /** Says something to the process that started this one in the background; absent when none did. */
  readonly tellStarter?: (message: object) => void;
  /** Calls `listener` for every Ctrl-C, SIGTERM or SIGHUP until the returned function is called. */
  onStopSignal(listener: (signal: NodeJS.Signals) => void): () => void;
}

export function processIo(script: string): CliIo {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    script,
    tellStarter: process.send && ((message) => process.send?.(message, () => process.disconnect?.())),
    onStopSignal(listener) {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      let lastAtMs = -Infinity;
      const once = (signal: NodeJS.Signals): void => {
        const sinceMs = performance.now() - lastAtMs;
        lastAtMs = performance.now();
        if (sinceMs >= SAME_SIGNAL_MS) listener(signal);
      };
      for (const signal of signals) process.on(signal, once);
      return () => signals.forEach((signal) => process.off(signal, once));
    },
  };
}

/** A reader that went away (`torch log tail | head`) ends the command quietly. */
export function ignoreClosedPipes({ stdout, stderr }: CliIo, closed: () => void): void {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') closed();
      else throw error;
    });
  }
}
