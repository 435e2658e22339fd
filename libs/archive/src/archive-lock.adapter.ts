import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ArchiveLocked } from './archive.errors';

/** Says who may write a partition's archive. It keeps nobody's hands off by itself: whoever writes asks, each time. */
export interface ArchiveLock {
  /** Tells this holder from every other one, in names of files as well: a growing number, and chance. */
  readonly token: string;
  /** @throws ArchiveLocked when another process has taken it over. */
  assertHeld(): Promise<void>;
  /** It is not renewed any more: still held, until somebody takes it over. */
  rest(): void;
  /** It is renewed again, as from the beginning. */
  keep(): void;
  /** Whoever wants it may have it at once. */
  release(): Promise<void>;
}

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Tells the process from a later one with the same pid. */
  readonly startedAt: string;
  /** One more with each holder. */
  readonly term: number;
  /** It has let go. */
  readonly released?: boolean;
}

/**
 * Takes the lock file, or takes it over from a process that has let go, is dead, or has not renewed it for `staleMs`.
 *
 * A process that was only paused notices at its next `assertHeld`: the name belongs to another file. The file is never removed:
 * nobody could do so without a moment in which it is somebody else's.
 *
 * @throws ArchiveLocked while another live process has it.
 */
export async function lockArchive(path: string, staleMs: number): Promise<ArchiveLock> {
  const me = await thisProcess();
  const first = { ...me, term: 1 };
  const fresh = await makeLock(path, first);
  if (fresh) return new FileLock(path, fresh, first, staleMs);
  const holder = await holderOf(path);
  const isFree = holder !== undefined && (holder.released === true || (await isGone(holder)));
  const ageMs = Date.now() - (await mtimeMs(path));
  if (!isFree && ageMs < staleMs) {
    const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
    throw new ArchiveLocked(`The archive is written by ${who}: ${path} was renewed ${Math.max(0, Math.round(ageMs))} ms ago.`);
  }
  const next = { ...me, term: (holder?.term ?? 0) + 1 };
  const unfinished = `${path}.${randomUUID()}.tmp`;
  const handle = await open(unfinished, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  await handle.writeFile(JSON.stringify(next));
  await rename(unfinished, path);
  return new FileLock(path, handle, next, staleMs);
}

class FileLock implements ArchiveLock {
  readonly token: string;
  private renewal: NodeJS.Timeout | undefined;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly holder: Holder,
    private readonly staleMs: number,
  ) {
    this.token = `${holder.term}-${randomUUID().slice(0, 8)}`;
    this.keep();
  }

  async assertHeld(): Promise<void> {
    const [mine, named] = await Promise.all([this.handle.stat(), stat(this.path).catch(unlessMissing)]);
    if (named?.ino !== mine.ino || named.dev !== mine.dev)
      throw new ArchiveLocked(`${this.path} was taken over by another process, or taken away.`);
  }

  keep(): void {
    this.rest();
    this.renewal = setInterval(() => void this.renew(), Math.ceil(this.staleMs / 3));
    this.renewal.unref();
  }

  rest(): void {
    clearInterval(this.renewal);
  }

  /** Where it was taken over, this is written to a file without a name. */
  async release(): Promise<void> {
    this.rest();
    try {
      const text = JSON.stringify({ ...this.holder, released: true });
      await this.handle.write(text, 0);
    } catch {
      // Another takes it over once it is stale, or this process has ended.
    } finally {
      await this.handle.close();
    }
  }

  private async renew(): Promise<void> {
    const now = new Date();
    // A disk that takes nothing now is found, and told of, by what writes to it.
    await this.handle.utimes(now, now).catch(() => undefined);
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Undefined when the file is there already. */
async function makeLock(path: string, holder: Holder): Promise<FileHandle | undefined> {
  await mkdir(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await handle.writeFile(JSON.stringify(holder));
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

async function thisProcess(): Promise<Omit<Holder, 'term'>> {
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
