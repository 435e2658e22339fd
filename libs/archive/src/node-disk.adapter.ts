import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ArchiveDisk, DiskFile } from './archive-disk';

const DIR_MODE = 0o700;
const FILE_MODE = 0o600;

/** The machine's own file system. */
export const NODE_DISK: ArchiveDisk = {
  async makeDir(dir) {
    const made = await mkdir(dir, { recursive: true, mode: DIR_MODE });
    if (made === undefined) return;
    for (let path = dir; path.length >= made.length; path = dirname(path)) await syncDir(dirname(path));
  },

  list: (dir) => readdir(dir).catch(unless('ENOENT', [])),

  async openToRead(path) {
    const handle = await open(path, constants.O_RDONLY).catch(unless('ENOENT', undefined));
    return handle && new NodeFile(handle);
  },

  openToWrite: async (path) => new NodeFile(await open(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE)),

  async openToChange(path) {
    const handle = await open(path, constants.O_RDWR).catch(unless('ENOENT', undefined));
    return handle && new NodeFile(handle);
  },

  rename,

  remove: (path) => unlink(path).catch(unless('ENOENT', undefined)),

  syncDir,
};

async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class NodeFile implements DiskFile {
  constructor(private readonly handle: FileHandle) {}

  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return (await this.handle.read(into, 0, into.length, position)).bytesRead;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += (await this.handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
  }

  truncate(size: number): Promise<void> {
    return this.handle.truncate(size);
  }

  sync(): Promise<void> {
    return this.handle.datasync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

const unless =
  <T>(code: string, instead: T) =>
  (error: unknown): T => {
    if ((error as NodeJS.ErrnoException).code === code) return instead;
    throw error;
  };
