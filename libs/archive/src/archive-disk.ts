import { randomUUID } from 'node:crypto';
import { UNFINISHED } from './archive.layout';

/** One open file. Positions and sizes in bytes. Every method rejects with the system's error (`code`: ENOSPC, EIO …). */
export interface DiskFile {
  size(): Promise<number>;
  /** @returns how many bytes were read; 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of it. After a rejection any part may have been written. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(size: number): Promise<void>;
  /** What was written is there after a power cut. After a rejection nothing is known of what was written since the last success. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file system as the archive uses it. Directories are made with mode 0700, files with 0600. */
export interface ArchiveDisk {
  /** Makes the directory and those above it; those that it made are durable. */
  makeDir(dir: string): Promise<void>;
  /** Names in a directory; none when there is no such directory. */
  list(dir: string): Promise<readonly string[]>;
  /** Undefined when there is no such file. */
  openToRead(path: string): Promise<DiskFile | undefined>;
  /** Opens to read and write; makes the file when it is not there. */
  openToWrite(path: string): Promise<DiskFile>;
  /** Opens to read and write; undefined when there is no such file. */
  openToChange(path: string): Promise<DiskFile | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** Does nothing when there is no such file. */
  remove(path: string): Promise<void>;
  /** Names that were made, changed or removed in the directory are so after a power cut. */
  syncDir(dir: string): Promise<void>;
}

/** The disk of whoever holds an archive's fence: asks the fence before each change, and once more when one is durable. */
export interface FencedDisk extends ArchiveDisk {
  /** Goes into the names of unfinished files, so that nobody else's is ever written, renamed or removed under its own name. */
  readonly token: string;
}

/** The name of `path` while this holder writes it. */
export const unfinishedPath = (path: string, { token }: Pick<FencedDisk, 'token'>): string => `${path}.${token}${UNFINISHED}`;

/** All of a file; undefined when there is none. */
export async function readWhole(disk: ArchiveDisk, path: string): Promise<Buffer | undefined> {
  const file = await disk.openToRead(path);
  if (!file) return undefined;
  try {
    const bytes = Buffer.allocUnsafe(await file.size());
    return bytes.subarray(0, await readInto(file, bytes, 0));
  } finally {
    await file.close();
  }
}

/** Fills `into` from `position` on, as far as the file reaches. */
export async function readInto(file: DiskFile, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const count = await file.read(into.subarray(done), position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Replaces a file in one step: after a crash it holds either what it held or `bytes`, and `bytes` once this has resolved. */
export async function replaceFile(disk: ArchiveDisk, at: { dir: string; path: string }, bytes: Uint8Array): Promise<void> {
  const unfinished = `${at.path}.${randomUUID()}${UNFINISHED}`;
  const file = await disk.openToWrite(unfinished);
  try {
    await file.truncate(0);
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(unfinished, at.path);
  await disk.syncDir(at.dir);
}
