import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CHAIN_START, type ChainHead, type ChainRecord, decodeRecord, encodeRecord } from '@torch/domain-audit';

const TAIL_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The chain on disk is not one that can be carried on. It is left as it is. */
export class ChainBroken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ChainBroken';
  }
}

/** One partition's chain: NDJSON, a record a line, only ever added to. One writer at a time. */
export class ChainFile {
  /** Records up to here are on disk, whatever happens to the machine. */
  durable: ChainHead;
  private waiting: ChainRecord[] = [];

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private size: number,
    /** The last record of the file, when there is one. */
    readonly last: ChainRecord | undefined,
  ) {
    this.durable = last ? { seq: last.seq, generation: last.generation, hash: last.hash } : CHAIN_START;
  }

  /**
   * Opens the chain behind its last record. A line without an end was torn by a crash before anybody could rely on it, and is
   * cut off.
   *
   * @throws ChainBroken when the last whole line is not a record.
   */
  static async open(path: string): Promise<ChainFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const { line, end } = await lastLine(file, size);
      const last = line === undefined ? undefined : decodeRecord(line);
      if (line !== undefined && !last) throw new ChainBroken(`The last record of ${path} cannot be read.`);
      if (end < size) {
        await file.truncate(end);
        await file.datasync();
      }
      return new ChainFile(path, file, end, last);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  add(record: ChainRecord): void {
    this.waiting.push(record);
  }

  /**
   * Writes what waits, and makes it durable. One call at a time.
   *
   * @throws ChainBroken when somebody else has written to the file.
   */
  async flush(): Promise<void> {
    const records = this.waiting;
    const last = records.at(-1);
    if (!last) return;
    this.waiting = [];
    const bytes = Buffer.from(records.map((record) => `${encodeRecord(record)}\n`).join(''));
    const { size } = await this.file.stat();
    if (size !== this.size) throw new ChainBroken(`${this.path} has ${size} bytes where ${this.size} were written: it has another writer.`);
    await this.file.appendFile(bytes);
    await this.file.datasync();
    this.size += bytes.length;
    this.durable = { seq: last.seq, generation: last.generation, hash: last.hash };
  }

  /** Bytes of the file that hold `durable` and everything before it. */
  get durableBytes(): number {
    return this.size;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** The last line that has an end, and where the whole lines end. */
async function lastLine(file: FileHandle, size: number): Promise<{ line?: string; end: number }> {
  for (let bytes = Math.min(TAIL_BYTES, size); ; bytes = Math.min(bytes * 2, size)) {
    const tail = Buffer.alloc(bytes);
    await readWhole(file, tail, size - bytes);
    const end = tail.lastIndexOf(NEWLINE);
    const begin = end <= 0 ? -1 : tail.lastIndexOf(NEWLINE, end - 1);
    if (begin < 0 && bytes < size) continue;
    return end < 0 ? { end: 0 } : { line: tail.toString('utf8', begin + 1, end), end: size - bytes + end + 1 };
  }
}

async function readWhole(file: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new ChainBroken('The chain got shorter while it was read.');
    done += bytesRead;
  }
}
