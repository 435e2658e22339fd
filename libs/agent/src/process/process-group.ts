import { waitMs } from '../http/backoff';
import { isLiving, listProcesses, type ProcessEntry, readProcess } from './process-table';

/** Between SIGTERM and SIGKILL. */
export const KILL_GRACE_MS_DEFAULT = 3000;
/** For a process to be gone after SIGKILL; only one stuck in the kernel takes longer. */
export const KILL_WAIT_MS = 2000;
const LOOK_EVERY_MS = 20;

/** A process that is told from a later one of the same pid by its start. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
}

/** The living process of exactly this identity. */
export function findProcess({ pid, startTicks }: ProcessIdentity): ProcessEntry | undefined {
  const found = readProcess(pid);
  return found && found.startTicks === startTicks && isLiving(found) ? found : undefined;
}

/** True while the group has a member that is not dead. */
export function groupLives(group: number): boolean {
  return signalGroup(group, 0) && listProcesses().some((entry) => entry.group === group);
}

/** False when the group has no members. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  return signalled(-group, signal);
}

/** False when the process is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  return signalled(pid, signal);
}

/**
 * SIGTERM, then SIGKILL once `graceMs` are over, for the whole group.
 *
 * @returns whether the group is gone.
 */
export async function endGroup(group: number, graceMs = KILL_GRACE_MS_DEFAULT): Promise<boolean> {
  return endWhile({ alive: () => groupLives(group), signal: (signal) => signalGroup(group, signal), graceMs });
}

/** As `endGroup`, for whatever `alive` and `signal` speak of. */
export async function endWhile({
  alive,
  signal,
  graceMs,
}: {
  alive: () => boolean;
  signal: (signal: NodeJS.Signals) => void;
  graceMs: number;
}): Promise<boolean> {
  if (!alive()) return true;
  signal('SIGTERM');
  if (await gone(alive, graceMs)) return true;
  // Again at every look: a member may have forked between the look and the signal.
  return gone(alive, KILL_WAIT_MS, () => signal('SIGKILL'));
}

async function gone(alive: () => boolean, withinMs: number, atEachLook?: () => void): Promise<boolean> {
  const endAtMs = Date.now() + withinMs;
  while (alive()) {
    if (Date.now() >= endAtMs) return false;
    atEachLook?.();
    await waitMs(LOOK_EVERY_MS);
  }
  return true;
}

function signalled(target: number, signal: NodeJS.Signals | 0): boolean {
  if (!Number.isInteger(target) || target === 0 || target === 1 || target === -1)
    throw new RangeError(`${target} is not a process or group of an agent.`);
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ESRCH') return false;
    // Some member belongs to another user: it is there, and not ours to signal.
    if (code === 'EPERM') return true;
    throw error;
  }
}
