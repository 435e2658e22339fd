import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { endGroup, groupLives, KILL_GRACE_MS_DEFAULT } from '../process/process-group';

export interface TaskProcessOptions {
  readonly command: string;
  /** Relative to the agent's own; default: the agent's own. */
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs?: number;
}

/** The command could not be started, and will not be startable by trying again. */
export class CannotStart extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotStart';
  }
}

/** The pipe on which the watch below hears that the agent is gone. */
const LIFELINE_FD = 3;
const SHELL = '/bin/sh';

/**
 * Runs the command in `$1` with one output for stdout and stderr, so that their order is kept. Beside it, in the same group
 * and nobody's child, a watch waits on the lifeline: its end without a word means that the agent died, and then
 * the group is ended; a word means that the agent sees to the group itself.
 */
const SCRIPT = `( ( trap '' TERM; if ! read -r _ <&${LIFELINE_FD}; then kill -TERM 0; sleep "$2"; kill -KILL 0; fi ) >/dev/null 2>&1 & )
exec ${LIFELINE_FD}<&- 2>&1
exec ${SHELL} -c "$1"`;

/** A shell command in a session and process group of its own, of which nothing is left when it is over. */
export class TaskProcess {
  /** Stdout and stderr, in the order they were written. */
  readonly output: Readable;
  readonly pid: number;
  private readonly exited: Promise<number>;
  private ending?: Promise<boolean>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly killGraceMs: number,
  ) {
    this.pid = child.pid as number;
    this.output = child.stdout as Readable;
    this.exited = new Promise((resolveExit) => child.once('exit', (code, signal) => resolveExit(exitCodeOf(code, signal))));
    // Writing to a watch that was killed with its group is no failure.
    this.lifeline.on('error', () => undefined);
    // Nothing is ever said on it from the other side; reading is how its end is noticed, and the descriptor closed.
    this.lifeline.resume();
  }

  /** @throws CannotStart naming what is missing. */
  static async start({ command, cwd, env, killGraceMs = KILL_GRACE_MS_DEFAULT }: TaskProcessOptions): Promise<TaskProcess> {
    const directory = resolve(cwd ?? '.');
    assertDirectory(directory);
    try {
      const child = spawn(SHELL, ['-c', SCRIPT, 'torch-task', command, String(Math.ceil(killGraceMs / 1000))], {
        cwd: directory,
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      });
      await new Promise<void>((started, failed) => child.once('spawn', started).once('error', failed));
      return new TaskProcess(child, killGraceMs);
    } catch (cause) {
      throw new CannotStart(`The command could not be started in ${directory}: ${(cause as Error).message}.`, { cause });
    }
  }

  /** Resolves with the shell's exit code (128 + n after signal n) once nothing of the group is left. */
  async finished(): Promise<number> {
    const exitCode = await this.exited;
    this.lifeline.end('over\n');
    await (this.ending ?? this.end());
    return exitCode;
  }

  /** Ends the whole group: SIGTERM, and SIGKILL after the grace. @returns whether it is gone. */
  end(killGraceMs = this.killGraceMs): Promise<boolean> {
    this.ending = (this.ending ?? Promise.resolve(false)).then((gone) => gone || endGroup(this.pid, killGraceMs));
    return this.ending;
  }

  get groupLives(): boolean {
    return groupLives(this.pid);
  }

  private get lifeline(): Duplex {
    return this.child.stdio[LIFELINE_FD] as Duplex;
  }
}

function assertDirectory(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (!found) throw new CannotStart(`The working directory ${directory} does not exist.`);
  if (!found.isDirectory()) throw new CannotStart(`The working directory ${directory} is not a directory.`);
}

const exitCodeOf = (code: number | null, signal: NodeJS.Signals | null): number => code ?? 128 + (signal ? constants.signals[signal] : 0);
