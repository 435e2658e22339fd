import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

/** Bytes of a process's output before its file is turned over. */
export const LOG_FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Older files kept: `<name>.log.1` is the newest of them. */
export const LOG_FILES_KEPT = 3;

/** A log file that never grows past its limit: a full one is turned over, and the oldest forgotten. */
export class CappedLog {
  private fd: number;
  private bytes: number;
  private closed = false;

  constructor(
    readonly path: string,
    private readonly bytesMax = LOG_FILE_BYTES_MAX,
    private readonly filesKept = LOG_FILES_KEPT,
  ) {
    this.fd = openSync(path, 'a', 0o600);
    this.bytes = fstatSync(this.fd).size;
  }

  /** Appends; after `close` there is no place left for what a dying process still says. */
  write(chunk: Buffer | string): void {
    if (this.closed) return;
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (this.bytes > 0 && this.bytes + data.length > this.bytesMax) this.turnOver();
    writeSync(this.fd, data);
    this.bytes += data.length;
  }

  close(): void {
    if (!this.closed) closeSync(this.fd);
    this.closed = true;
  }

  private turnOver(): void {
    closeSync(this.fd);
    for (let n = this.filesKept - 1; n >= 1; n--) renameIfThere(`${this.path}.${n}`, `${this.path}.${n + 1}`);
    renameIfThere(this.path, `${this.path}.1`);
    this.fd = openSync(this.path, 'a', 0o600);
    this.bytes = 0;
  }
}

/** The last lines of a log file, for an error message; nothing when there is no file. */
export function lastLines(path: string, linesMax: number): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-linesMax).filter(Boolean);
  } catch {
    return [];
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
