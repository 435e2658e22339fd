import { constants, type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ID_PATTERN, maskText, PROJECT_PATTERN } from '@torch/contracts';
import { invariant } from '@torch/kernel';

/** The longest secret that is found when two chunks share it: a private key. */
const SECRET_BYTES_MAX = 16 * 1024;

/** Whose output: one file each. */
export interface AttemptRef {
  readonly project: string;
  readonly taskId: string;
  readonly attempt: number;
  /** Tells the attempt from one of the same number in a history that the log has lost. Who reads may not know it any more. */
  readonly assignment?: string;
}

export type Appended =
  | { readonly size: number; readonly truncated: boolean }
  /** Nothing was written: the chunk does not begin where the output ends. */
  | { readonly expectedOffset: number };

/**
 * The output of attempts, kept apart from the log: `<root>/<project>/<taskId>/<attempt>.<assignment>.log`. What an attempt
 * of a lost history has printed is kept too, and never mixed with what the log knows.
 *
 * A chunk says where it begins, so that the same chunk twice is written once. What is beyond the ceiling is not kept.
 * Secrets are masked in place, so that places in the output stay what they were: also one that two chunks share, once the
 * second of them is there. Who follows the output may have seen the first part of such a one, and never the whole.
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
    const write = (this.lastWrite.get(path) ?? Promise.resolve()).then(() => this.write(ref, path, offset, chunk));
    const settled = write
      .catch(() => undefined)
      .then(() => {
        if (this.lastWrite.get(path) === settled) this.lastWrite.delete(path);
      });
    this.lastWrite.set(path, settled);
    return write;
  }

  /** Up to `bytesMax` bytes from `offset` on; empty at the end and where there is no output. Without an assignment, of the newest one. */
  async read(ref: AttemptRef, offset: number, bytesMax: number): Promise<Buffer> {
    let file: FileHandle | undefined;
    try {
      const path = ref.assignment === undefined ? await this.newestOf(ref) : this.pathOf(ref);
      file = await open(path, 'r');
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(bytesMax), 0, bytesMax, offset);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      if (isMissing(error)) return Buffer.alloc(0);
      throw error;
    } finally {
      await file?.close();
    }
  }

  /**
   * Calls `grown` after every write by this process to the attempt's output, under whatever assignment. Other processes may
   * write too: look again now and then.
   */
  watch(ref: AttemptRef, grown: () => void): () => void {
    const attempt = this.attemptOf(ref);
    const watchers = this.watchers.get(attempt) ?? new Set();
    this.watchers.set(attempt, watchers.add(grown));
    return () => {
      watchers.delete(grown);
      if (watchers.size === 0) this.watchers.delete(attempt);
    };
  }

  private async write(ref: AttemptRef, path: string, offset: number, chunk: Buffer): Promise<Appended> {
    const size = await sizeOf(path);
    const truncated = size >= this.bytesMax;
    if (truncated) return { size, truncated };
    if (offset > size) return { expectedOffset: size };
    const fresh = chunk.subarray(size - offset, size - offset + this.bytesMax - size);
    if (fresh.length > 0) await this.writeMasked(path, size, fresh);
    for (const grown of this.watchers.get(this.attemptOf(ref)) ?? []) grown();
    return { size: size + fresh.length, truncated: offset + chunk.length > this.bytesMax };
  }

  /** Looks at what was written before as well: a secret may have begun there. */
  private async writeMasked(path: string, size: number, fresh: Buffer): Promise<void> {
    const seam = await readAt(path, Math.max(0, size - SECRET_BYTES_MAX), Math.min(size, SECRET_BYTES_MAX));
    const written = Buffer.concat([seam, fresh]).toString('latin1'); // A character a byte, whatever the bytes mean.
    const masked = maskText(endMasked(written, seam.length));
    if (masked === written) return writeAt(path, size, fresh);
    let first = 0;
    while (masked[first] === written[first]) first++;
    const start = Math.min(first, seam.length);
    await writeAt(path, size - seam.length + start, Buffer.from(masked.slice(start), 'latin1'));
  }

  /** The file of the attempt that was written last. */
  private async newestOf(ref: AttemptRef): Promise<string> {
    const [folder, prefix] = [dirname(this.attemptOf(ref)), `${ref.attempt}.`];
    const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
    const files = await Promise.all(names.map(async (name) => ({ name, atMs: (await stat(join(folder, name))).mtimeMs })));
    const newest = files.sort((a, b) => b.atMs - a.atMs)[0];
    return newest ? join(folder, newest.name) : this.pathOf(ref);
  }

  private pathOf(ref: AttemptRef): string {
    return `${this.attemptOf(ref)}${ref.assignment === undefined ? '' : `.${ref.assignment}`}.log`;
  }

  private attemptOf({ project, taskId, attempt, assignment }: AttemptRef): string {
    // Ids have no slash and begin with a letter or digit, so none of them leads out of the folder.
    invariant(
      PROJECT_PATTERN.test(project) &&
        ID_PATTERN.test(taskId) &&
        ID_PATTERN.test(assignment ?? 'none') &&
        Number.isInteger(attempt) &&
        attempt > 0,
      'An output has a path made of ids.',
    );
    return join(this.root, project, taskId, String(attempt));
  }
}

/** What was long enough to be masked at the end of a chunk may go on in the next one. */
function endMasked(written: string, seam: number): string {
  if (!/\[redacted:[a-z-]{1,30}\]\**$/.test(written.slice(0, seam).slice(-4096))) return written;
  const [rest = ''] = /^[\w+/=.-]*/.exec(written.slice(seam)) ?? [];
  return written.slice(0, seam) + '*'.repeat(rest.length) + written.slice(seam + rest.length);
}

async function writeAt(path: string, position: number, bytes: Buffer): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  } finally {
    await file.close();
  }
}

async function readAt(path: string, position: number, count: number): Promise<Buffer> {
  if (count === 0) return Buffer.alloc(0);
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(count), 0, count, position);
    return buffer.subarray(0, bytesRead);
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
