import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import type { ObjectStore, PutObject, StoredObject } from './object-store';

const UNFINISHED = '.tmp';

/** Objects as files of a directory, such as a mounted volume of another machine. */
export class LocalObjectStore implements ObjectStore {
  readonly name: string;

  constructor(private readonly dir: string) {
    this.name = `file://${dir}`;
  }

  async put({ key, body, ifAbsent }: PutObject): Promise<'stored' | 'exists'> {
    const path = join(this.dir, key);
    const dir = dirname(path);
    await NODE_DISK.makeDir(dir);
    const unfinished = `${path}.${randomUUID()}${UNFINISHED}`;
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(body);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      if (ifAbsent) await link(unfinished, path);
      else await rename(unfinished, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'exists';
      throw error;
    } finally {
      await rm(unfinished, { force: true });
    }
    await NODE_DISK.syncDir(dir);
    return 'stored';
  }

  async get(key: string): Promise<Buffer | undefined> {
    return readFile(join(this.dir, key)).catch(unlessMissing);
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const body = await this.get(key);
    return body && { bytes: body.length, sha256: sha256(body) };
  }

  async remove(key: string): Promise<void> {
    await rm(join(this.dir, key), { force: true });
  }

  async list(prefix: string): Promise<readonly string[]> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const entries = await readdir(this.dir, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith(UNFINISHED))
      .map((entry) => relative(this.dir, join(entry.parentPath, entry.name)).split('\\').join('/'))
      .filter((key) => key.startsWith(prefix))
      .sort();
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
