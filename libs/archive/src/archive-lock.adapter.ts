import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ArchiveLocked } from './archive.errors';

/** Keeps a second writer out. */
export interface ArchiveLock {
  /** Whoever had it before may still be alive, and may still have files open. */
  readonly isTakenOver: boolean;
  /** @throws ArchiveLocked when another process has taken it over. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Tells the process from a later one with the same pid. */
  readonly startedAt: string;
}

/**
 * Takes the lock file, or takes it over from a process that is dead or has not renewed it for `staleMs`.
 *
 * A process that was only paused notices at its next `assertHeld`: the file that it holds open has no name any more.
 *
 * @throws ArchiveLocked while another live process has it.
 */
export async function lockArchive(path: string, staleMs: number): Promise<ArchiveLock> {
  const mine = JSON.stringify(await thisProcess());
  const unfinished = `${path}.${process.pid}.tmp`;
  const fresh = await makeLock(path, mine);
  if (fresh) return new FileLock(path, fresh, staleMs, false);
  const holder = await holderOf(path);
  const isDead = holder !== undefined && (await isGone(holder));
  const ageMs = Date.now() - (await mtimeMs(path));
  if (!isDead && ageMs < staleMs) {
    const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
    throw new ArchiveLocked(`The archive is written by ${who}: ${path} was renewed ${Math.max(0, Math.round(ageMs))} ms ago.`);
  }
  const handle = await open(unfinished, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600);
  await handle.writeFile(mine);
  await rename(unfinished, path);
  return new FileLock(path, handle, staleMs, !isDead);
}

class FileLock implements ArchiveLock {
  private readonly renewal: NodeJS.Timeout;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    staleMs: number,
    readonly isTakenOver: boolean,
  ) {
    this.renewal = setInterval(() => void this.renew(), Math.ceil(staleMs / 3));
    this.renewal.unref();
  }

  async assertHeld(): Promise<void> {
    if ((await this.handle.stat()).nlink === 0) throw new ArchiveLocked(`${this.path} was taken over by another process, or taken away.`);
  }

  async release(): Promise<void> {
    clearInterval(this.renewal);
    const isMine = (await this.handle.stat()).nlink > 0;
    await this.handle.close();
    if (isMine) await unlink(this.path).catch(() => undefined);
  }

  private async renew(): Promise<void> {
    const now = new Date();
    // A disk that takes nothing now is found, and told of, by what writes to it.
    await this.handle.utimes(now, now).catch(() => undefined);
  }
}

/** Undefined when the file is there already. */
async function makeLock(path: string, content: string): Promise<FileHandle | undefined> {
  await mkdir(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await handle.writeFile(content);
    return handle;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined; // Being written, or torn: its age decides.
  }
}

const mtimeMs = (path: string): Promise<number> =>
  stat(path).then(
    (found) => found.mtimeMs,
    () => 0,
  );

async function thisProcess(): Promise<Holder> {
  return { host: hostname(), pid: process.pid, startedAt: await startOf(process.pid) };
}

/** Only a process of this machine is known to be dead. One of this very process was left behind by an archive that is closed. */
async function isGone({ host, pid, startedAt }: Holder): Promise<boolean> {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  return (await startOf(pid)) !== startedAt;
}

/** Where the system tells: boot and clock tick of the start. Else the pid alone has to do. */
async function startOf(pid: number): Promise<string> {
  try {
    const [boot, stats] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readFile(`/proc/${pid}/stat`, 'utf8')]);
    return `${boot.trim()}/${stats.slice(stats.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return '';
  }
}
