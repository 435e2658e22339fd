import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ID_PATTERN, PROJECT_PATTERN } from '@torch/contracts';
import { invariant } from '@torch/kernel';

/** Whose output: one file each. */
export interface AttemptRef {
  readonly project: string;
  readonly taskId: string;
  readonly attempt: number;
}

export type Appended =
  | { readonly size: number; readonly truncated: boolean }
  /** Nothing was written: the chunk does not begin where the output ends. */
  | { readonly expectedOffset: number };

/**
 * The output of attempts, kept apart from the log: `<root>/<project>/<taskId>/<attempt>.log`.
 *
 * A chunk says where it begins, so that the same chunk twice is written once. What is beyond the ceiling is not kept.
 */
export class OutputStore {
  private readonly lastWrite = new Map<string, Promise<unknown>>();
  private readonly watchers = new Map<string, Set<() => void>>();

  constructor(
    private readonly root: string,
    private readonly bytesMax: number,
  ) {}

  append(ref: AttemptRef, offset: number, chunk: Buffer): Promise<Appended> {
    const path = this.pathOf(ref);
    // One write at a time for each file: the place of a chunk depends on the one before it.
    const write = (this.lastWrite.get(path) ?? Promise.resolve()).then(() => this.write(path, offset, chunk));
    const settled = write
      .catch(() => undefined)
      .then(() => {
        if (this.lastWrite.get(path) === settled) this.lastWrite.delete(path);
      });
    this.lastWrite.set(path, settled);
    return write;
  }

  /** Up to `bytesMax` bytes from `offset` on; empty at the end and where there is no output. */
  async read(ref: AttemptRef, offset: number, bytesMax: number): Promise<Buffer> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.pathOf(ref), 'r');
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(bytesMax), 0, bytesMax, offset);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      if (isMissing(error)) return Buffer.alloc(0);
      throw error;
    } finally {
      await file?.close();
    }
  }

  /** Calls `grown` after every write by this process. Other processes may write too: look again now and then. */
  watch(ref: AttemptRef, grown: () => void): () => void {
    const path = this.pathOf(ref);
    const watchers = this.watchers.get(path) ?? new Set();
    this.watchers.set(path, watchers.add(grown));
    return () => {
      watchers.delete(grown);
      if (watchers.size === 0) this.watchers.delete(path);
    };
  }

  private async write(path: string, offset: number, chunk: Buffer): Promise<Appended> {
    const size = await sizeOf(path);
    const truncated = size >= this.bytesMax;
    if (truncated) return { size, truncated };
    if (offset > size) return { expectedOffset: size };
    const fresh = chunk.subarray(size - offset, size - offset + this.bytesMax - size);
    if (fresh.length > 0) await appendTo(path, fresh);
    for (const grown of this.watchers.get(path) ?? []) grown();
    return { size: size + fresh.length, truncated: offset + chunk.length > this.bytesMax };
  }

  private pathOf({ project, taskId, attempt }: AttemptRef): string {
    // Ids have no slash and begin with a letter or digit, so none of them leads out of the folder.
    invariant(
      PROJECT_PATTERN.test(project) && ID_PATTERN.test(taskId) && Number.isInteger(attempt) && attempt > 0,
      'An output has a path made of ids.',
    );
    return join(this.root, project, taskId, `${attempt}.log`);
  }
}

async function appendTo(path: string, bytes: Buffer): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o600);
  try {
    await file.appendFile(bytes);
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
