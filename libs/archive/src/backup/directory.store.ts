import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackupRefused } from './backup.errors';
import { BACKUP_ID } from './backup.manifest';
import type { BackupStore, BackupWriter, LocalBackup } from './backup.store';

const DIR_MODE = 0o700;
const FILE_MODE = 0o600;

/** Backups in a directory: each in one of its own, which appears whole. Files that did not change are hard links. */
export class DirectoryStore implements BackupStore {
  constructor(readonly address: string) {}

  async list(): Promise<readonly string[]> {
    const names = await readdir(this.address).catch(unless('ENOENT', []));
    return names.filter((name) => BACKUP_ID.test(name)).sort();
  }

  readText(id: string, path: string): Promise<string | undefined> {
    return readFile(join(this.address, id, path), 'utf8').catch(unless('ENOENT', undefined));
  }

  async begin(id: string): Promise<BackupWriter> {
    if ((await this.list()).includes(id)) throw new BackupRefused(`${join(this.address, id)} is there already.`);
    const unfinished = join(this.address, `${id}.tmp`);
    await mkdir(unfinished, { recursive: true, mode: DIR_MODE });
    return new DirectoryWriter(this.address, unfinished, id);
  }

  async fetch(id: string): Promise<LocalBackup> {
    return { dir: join(this.address, id), release: () => Promise.resolve() };
  }
}

class DirectoryWriter implements BackupWriter {
  private readonly folders = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly unfinished: string,
    private readonly id: string,
  ) {}

  async put(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const file = await open(await this.placeOf(path), 'w', FILE_MODE);
    try {
      for await (const chunk of content) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async reuse(earlier: string, path: string): Promise<boolean> {
    const from = join(this.root, earlier, path);
    const to = await this.placeOf(path);
    await rm(to, { force: true });
    try {
      await link(from, to);
      return true;
    } catch (error) {
      if (isOneOf(error, 'ENOENT')) return false;
      if (!isOneOf(error, 'EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP', 'ENOSYS')) throw error;
    }
    await copyFile(from, to, constants.COPYFILE_EXCL); // This file system has no hard links.
    return true;
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.unfinished, path), { force: true });
  }

  async commit(): Promise<void> {
    for (const folder of [...this.folders, this.unfinished]) await syncDir(folder);
    await rename(this.unfinished, join(this.root, this.id));
    await syncDir(this.root);
  }

  async abandon(): Promise<void> {
    await rm(this.unfinished, { recursive: true, force: true });
  }

  private async placeOf(path: string): Promise<string> {
    const place = join(this.unfinished, path);
    const folder = dirname(place);
    if (!this.folders.has(folder)) await mkdir(folder, { recursive: true, mode: DIR_MODE });
    this.folders.add(folder);
    return place;
  }
}

async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isOneOf = (error: unknown, ...codes: string[]): boolean => codes.includes((error as NodeJS.ErrnoException).code ?? '');

const unless =
  <T>(code: string, instead: T) =>
  (error: unknown): T => {
    if (isOneOf(error, code)) return instead;
    throw error;
  };
