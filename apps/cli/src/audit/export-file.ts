import { type FileHandle, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';

const NEWLINE = 0x0a;
const READ_BYTES = 64 * 1024;

/** Where an export is until it is whole. */
export const partialPath = (path: string): string => join(dirname(path), `${basename(path)}.partial`);

/** A file of lines that has its name only once it is whole. What is there of it before, beside it, can be carried on. */
export class ExportFile {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    /** Bytes of whole lines so far. */
    public bytes: number,
    /** The last line that was there already. */
    readonly lastLine: string | undefined,
  ) {}

  /** @throws CliError 1 when it cannot be written, or nothing is there to be resumed. */
  static async open(path: string, { resume }: { readonly resume: boolean }): Promise<ExportFile> {
    const partial = partialPath(path);
    const file = await open(partial, resume ? 'r+' : 'w', 0o600).catch((error: NodeJS.ErrnoException) => {
      const why = resume && error.code === 'ENOENT' ? `there is no ${partial} to go on with` : error.message;
      throw new CliError(EXIT.failed, 'not-written', `The export to ${path} cannot be written: ${why}.`);
    });
    const { line, end } = resume ? await lastWholeLine(file) : { line: undefined, end: 0 };
    await file.truncate(end); // A line without an end was being written when it stopped.
    return new ExportFile(path, file, end, line);
  }

  async add(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done, this.bytes + done);
      done += bytesWritten;
    }
    this.bytes += bytes.length;
  }

  /** Whole and on disk, under its own name. */
  async finish(): Promise<void> {
    await this.file.sync();
    await this.file.close();
    await rename(partialPath(this.path), this.path);
  }

  /** Leaves what there is so far to be carried on. */
  async leave(): Promise<void> {
    await this.file.close();
  }
}

async function lastWholeLine(file: FileHandle): Promise<{ line?: string; end: number }> {
  const { size } = await file.stat();
  for (let bytes = Math.min(READ_BYTES, size); ; bytes = Math.min(bytes * 2, size)) {
    const tail = Buffer.alloc(bytes);
    for (let done = 0; done < bytes;) {
      const { bytesRead } = await file.read(tail, done, bytes - done, size - bytes + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    const end = tail.lastIndexOf(NEWLINE);
    const begin = end <= 0 ? -1 : tail.lastIndexOf(NEWLINE, end - 1);
    if (begin < 0 && bytes < size) continue;
    return end < 0 ? { end: 0 } : { line: tail.toString('utf8', begin + 1, end), end: size - bytes + end + 1 };
  }
}
