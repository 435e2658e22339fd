import type { ArchiveDisk, DiskFile, FencedDisk } from './archive-disk';
import { type ArchiveLock, lockArchive } from './archive-lock.adapter';
import { ARCHIVE_DEFAULTS } from './archive.config';
import { ArchiveLocked } from './archive.errors';
import { type ArchivePlace, lockPath } from './archive.layout';
import { takeOverFiles } from './archive.takeover';
import { NODE_DISK } from './node-disk.adapter';

export interface TakeFence {
  readonly place: ArchivePlace;
  readonly disk?: ArchiveDisk;
  /** Default: a lock file in the partition's directory. */
  readonly lock?: (path: string, staleMs: number) => Promise<ArchiveLock>;
  /** A holder that has not renewed its hold for this long may be followed by another. */
  readonly staleMs?: number;
}

/**
 * Makes sure that one partition's archive has one writer, whatever is written: segments, manifest, seals, checkpoints, prunings,
 * the gate note, what is fetched from elsewhere. All of it goes through `disk`.
 *
 * A holder that was paused between the fence's answer and what it asked for can do that one thing after another has taken over, and
 * nothing more. What each such thing can still do is nothing: see ADR 20.
 */
export class ArchiveFence {
  readonly disk: FencedDisk;
  private error: ArchiveLocked | undefined;
  private onLost: (error: ArchiveLocked) => void = () => undefined;

  private constructor(
    private readonly lock: ArchiveLock,
    disk: ArchiveDisk,
  ) {
    this.disk = fencedDisk(disk, lock.token, () => this.assertHeld());
  }

  /**
   * Takes the archive, and makes every file anew that the holder before may still have open. What is read from then on does not
   * change unless this holder changes it.
   *
   * @throws ArchiveLocked while another live process has it; ArchiveBroken when something that was durable is gone; the system's
   * error when the disk refuses.
   */
  static async take({
    place,
    disk = NODE_DISK,
    lock = lockArchive,
    staleMs = ARCHIVE_DEFAULTS.lockStaleMs,
  }: TakeFence): Promise<ArchiveFence> {
    const held = await lock(lockPath(place), staleMs);
    const fence = new ArchiveFence(held, disk);
    try {
      await takeOverFiles(place, fence.disk);
      return fence;
    } catch (error) {
      await held.release();
      throw error;
    }
  }

  /** @throws ArchiveLocked when somebody else has taken over: for good. */
  async assertHeld(): Promise<void> {
    if (this.error) throw this.error;
    try {
      await this.lock.assertHeld();
    } catch (error) {
      if (error instanceof ArchiveLocked) this.onLost((this.error ??= error));
      throw error;
    }
  }

  /** Told once when it is found out that somebody else has taken over. */
  whenLost(tell: (error: ArchiveLocked) => void): void {
    this.onLost = tell;
  }

  /** Held on, but not renewed any more: whoever is to have the archive next gets it soon, however long a slow disk takes here. */
  rest(): void {
    this.lock.rest();
  }

  /** Renewed again: what it was taken for goes on. */
  keep(): void {
    this.lock.keep();
  }

  async release(): Promise<void> {
    await this.lock.release();
  }
}

/** Asks before each change, and behind what makes a change durable: what has been confirmed is in a file that counts. */
function fencedDisk(disk: ArchiveDisk, token: string, assertHeld: () => Promise<void>): FencedDisk {
  const fenced = (file: DiskFile): DiskFile => ({
    size: () => file.size(),
    read: (into, position) => file.read(into, position),
    write: async (bytes, position) => {
      await assertHeld();
      await file.write(bytes, position);
    },
    truncate: async (size) => {
      await assertHeld();
      await file.truncate(size);
    },
    sync: async () => {
      await file.sync();
      await assertHeld();
    },
    close: () => file.close(),
  });
  return {
    token,
    makeDir: (dir) => disk.makeDir(dir),
    list: (dir) => disk.list(dir),
    openToRead: (path) => disk.openToRead(path),
    openToWrite: async (path) => {
      await assertHeld();
      return fenced(await disk.openToWrite(path));
    },
    openToChange: async (path) => {
      const file = await disk.openToChange(path);
      return file && fenced(file);
    },
    rename: async (from, to) => {
      await assertHeld();
      await disk.rename(from, to);
    },
    remove: async (path) => {
      await assertHeld();
      await disk.remove(path);
    },
    syncDir: async (dir) => {
      await disk.syncDir(dir);
      await assertHeld();
    },
  };
}
