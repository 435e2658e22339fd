import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { DataDir } from './data-dir';
import { identify, isAlive, type ProcessIdentity } from './process-identity';
import { UpFailed } from './up.errors';

/** Rivals that may take over the same stale lock before this process gives up. */
const TAKEOVERS_MAX = 10;

/** Held by the one Torch that works on a data directory. */
export interface DataDirLock {
  /** Lets the next Torch in. Does nothing when the lock is somebody else's by now. */
  release(): void;
}

/**
 * Takes the data directory for this process. A lock that a dead process left is taken over.
 *
 * @throws UpFailed naming the holder's pid and the data directory while another Torch holds it.
 */
export function lockDataDir(dataDir: DataDir): DataDirLock {
  const me = identify(process.pid);
  if (!me) throw new UpFailed('This process cannot find its own start time; is /proc mounted, or ps installed?');
  const draft = `${dataDir.lock}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    for (let i = 0; i < TAKEOVERS_MAX; i++) {
      if (linked(draft, dataDir.lock)) return { release: () => release(dataDir, me) };
      removeIfStale(dataDir);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new UpFailed(`The lock of ${dataDir.root} changes hands all the time. Is something starting Torch in a loop?`);
}

/** The process that holds the lock; undefined when none does, or when it is dead. */
export function lockHolder(dataDir: DataDir): ProcessIdentity | undefined {
  const holder = parseHolder(readLock(dataDir.lock));
  return holder && isAlive(holder) ? holder : undefined;
}

/** A hard link appears whole or not at all, so nobody ever reads a half-written lock. */
function linked(draft: string, lock: string): boolean {
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function removeIfStale(dataDir: DataDir): void {
  const seen = readLock(dataDir.lock);
  if (seen === undefined) return;
  const holder = parseHolder(seen);
  if (holder && isAlive(holder)) {
    throw new UpFailed(
      `Another Torch (pid ${holder.pid}) works on the data directory ${dataDir.root}. Stop it with "torch down", or choose another directory with --data.`,
    );
  }
  const aside = `${dataDir.lock}.stale.${process.pid}`;
  try {
    renameSync(dataDir.lock, aside);
  } catch {
    return; // A rival moved it first.
  }
  // Between reading and moving, a rival may have put its own lock there: it gets it back.
  if (readLock(aside) !== seen) linked(aside, dataDir.lock);
  rmSync(aside, { force: true });
}

function release(dataDir: DataDir, me: ProcessIdentity): void {
  if (readLock(dataDir.lock) === JSON.stringify(me)) rmSync(dataDir.lock, { force: true });
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parseHolder(text: string | undefined): ProcessIdentity | undefined {
  try {
    const { pid, startTicks } = JSON.parse(text ?? '') as Partial<ProcessIdentity>;
    return Number.isInteger(pid) && Number.isInteger(startTicks) ? { pid: pid as number, startTicks: startTicks as number } : undefined;
  } catch {
    return undefined;
  }
}
