import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
/** Field numbers of /proc/<pid>/stat behind the command's name, see proc(5). */
const STATE_FIELD = 0;
const START_TICKS_FIELD = 19;

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started: clock ticks since boot on Linux, epoch seconds elsewhere. */
  readonly startTicks: number;
}

/** The identity of a running process; undefined when there is none with this pid, or only its zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTicks = process.platform === 'linux' ? startTicksFromProc(pid) : startSecondsFromPs(pid);
  return startTicks === undefined ? undefined : { pid, startTicks };
}

/** True while exactly this process runs. */
export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  return identify(pid)?.startTicks === startTicks;
}

/** Signals this process, or with `group` the process group that it leads. False when it is gone. */
export function signalProcess(who: ProcessIdentity, signal: NodeJS.Signals, { group = false } = {}): boolean {
  if (!isAlive(who)) return false;
  try {
    process.kill(group ? -who.pid : who.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** False when the process still runs after `timeoutMs`. */
export async function waitUntilGone(who: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadlineAt = performance.now() + timeoutMs;
  while (isAlive(who)) {
    if (performance.now() >= deadlineAt) return false;
    await delay(POLL_MS);
  }
  return true;
}

function startTicksFromProc(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command's name is in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[STATE_FIELD] === 'Z' ? undefined : Number(fields[START_TICKS_FIELD]);
}

function startSecondsFromPs(pid: number): number | undefined {
  try {
    const [state = '', ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' })
      .trim()
      .split(/\s+/);
    const startedAtMs = Date.parse(started.join(' '));
    return state.startsWith('Z') || Number.isNaN(startedAtMs) ? undefined : startedAtMs / 1000;
  } catch {
    return undefined;
  }
}
