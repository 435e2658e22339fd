import { readdirSync, readFileSync } from 'node:fs';

/** One process as Linux shows it in `/proc/<pid>/stat` (proc(5)). */
export interface ProcessEntry {
  readonly pid: number;
  /** A letter; `Z` and `X` are dead. */
  readonly state: string;
  readonly parentPid: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks after boot at which it started: with the pid, tells it from a later process of the same pid. */
  readonly startTicks: number;
}

/** The process, dead ones that nobody has reaped included; undefined when there is none. */
export function readProcess(pid: number): ProcessEntry | undefined {
  const stat = readProc(pid, 'stat');
  return stat === undefined ? undefined : parseStat(stat);
}

/** Every living process of the machine (or of this pid namespace). */
export function listProcesses(): ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    const entry = /^\d+$/.test(name) ? readProcess(Number(name)) : undefined;
    return entry && isLiving(entry) ? [entry] : [];
  });
}

export const isLiving = ({ state }: ProcessEntry): boolean => state !== 'Z' && state !== 'X';

/** Resident memory in KiB, shared pages included; 0 once the process is gone. */
export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1] ?? 0);
}

/** The environment the process was started with, as `NAME=value`; empty when it is gone or another user's. */
export function environmentOf(pid: number): readonly string[] {
  return (readProc(pid, 'environ') ?? '').split('\0');
}

/** Changes with every start of the machine. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** The second field is the program's name in parentheses and may hold anything, parentheses too. */
function parseStat(stat: string): ProcessEntry {
  const [state = '', parentPid, group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid: Number.parseInt(stat, 10),
    state,
    parentPid: Number(parentPid),
    group: Number(group),
    session: Number(session),
    startTicks: Number(rest[15]),
  };
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
