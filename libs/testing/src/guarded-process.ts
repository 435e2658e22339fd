import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const OUTPUT_KEPT = 4000;

/** Reads what has become of the child. When the pipe closes instead, whoever held it is gone. */
const GUARD = `
  alive=yes
  while read -r word; do
    case $word in
      gone) alive= ;;
      release) exit ;;
    esac
  done
  [ -z "$alive" ] || kill -9 "$0" 2>/dev/null
  rm -rf "$1"`;

/**
 * A child process that does not outlive this one, however this one ends.
 *
 * A small shell waits on a pipe from here; when the pipe closes because this process is gone, kill -9 included, it
 * kills the child and removes `directory`.
 */
export class GuardedProcess {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly guard: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-OUTPUT_KEPT)));
    }
    for (const handle of [child, guard, child.stdout, child.stderr, guard.stdin]) (handle as { unref?: () => void } | null)?.unref?.();
  }

  /** @throws Error when the program cannot be started. */
  static async start(program: string, args: readonly string[], directory: string): Promise<GuardedProcess> {
    const child = spawn(program, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    const guard = spawn('sh', ['-c', GUARD, `${child.pid}`, directory], { cwd: '/', stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    guard.once('error', () => child.kill('SIGKILL'));
    guard.stdin?.on('error', () => undefined); // A guard that was released does not read any more.
    child.once('exit', () => guard.stdin?.write('gone\n')); // Its process id may soon be somebody else's.
    return new GuardedProcess(child, guard);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The end of what it has written. */
  get lastOutput(): string {
    return this.output;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Kills it with SIGKILL and waits until it is gone. Its directory stays, guarded, until `release`. */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    const gone = once(this.child, 'exit');
    this.child.ref(); // Nothing else may be left that keeps this process going until then.
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Leaves the directory of a process that is gone to the caller. */
  release(): void {
    this.guard.stdin?.end('release\n');
  }
}
