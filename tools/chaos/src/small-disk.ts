import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIZE = '8m';

/** A file system of its own that can be filled to the last byte, and emptied again. */
export class SmallDisk {
  private constructor(readonly path: string) {}

  /** Whether this process may mount one. */
  static isPossible(): boolean {
    try {
      SmallDisk.mount().unmount();
      return true;
    } catch {
      return false;
    }
  }

  /** @throws Error without the right to mount. */
  static mount(): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), 'torch-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0700`, 'tmpfs', path], { stdio: 'pipe' });
    } catch (error) {
      rmSync(path, { recursive: true });
      throw error;
    }
    return new SmallDisk(path);
  }

  fill(): void {
    const { bavail, bsize } = statfsSync(this.path);
    try {
      writeFileSync(this.ballast, Buffer.alloc(Number(bavail) * Number(bsize)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error; // As full as it gets.
    }
  }

  free(): void {
    rmSync(this.ballast, { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.path], { stdio: 'pipe' });
    rmSync(this.path, { recursive: true, force: true });
  }

  private get ballast(): string {
    return join(this.path, 'ballast');
  }
}
