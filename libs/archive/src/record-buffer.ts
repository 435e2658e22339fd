import { type ChainHead, type ChainRecord, chainRecord, encodeRecord, placeFault } from '@torch/domain-audit';
import type { Position } from '@torch/log';
import { ArchiveBroken } from './archive.errors';
import { sha256 } from './hashing';

/** A commit as the log holds it. */
export interface ArchiveEntry {
  readonly position: Position;
  readonly body: string;
}

/** Records that are made durable together. */
export interface RecordBatch {
  readonly records: readonly ChainRecord[];
  /** Their lines. */
  readonly bytes: Buffer;
}

/** One flush takes about this much, so that the work on it does not hold everything else up. */
const BATCH_BYTES_MAX = 2 * 1024 * 1024;

/** Records that are not durable yet, in order. */
export class RecordBuffer {
  private waiting: { readonly record: ChainRecord; readonly line: string }[] = [];
  private heldBytes = 0;
  private roomSeekers: { resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(
    private last: ChainHead,
    private readonly bytesMax: number,
  ) {}

  /** The last record that was added. */
  get head(): ChainHead {
    return this.last;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Characters of lines that are not durable: bytes, of what is ASCII. */
  get bytes(): number {
    return this.heldBytes;
  }

  /**
   * @throws ArchiveBroken when the entry is not the one behind the last; RangeError when there is no room: `room` was not waited for.
   */
  add({ position, body }: ArchiveEntry): void {
    if (this.heldBytes >= this.bytesMax)
      throw new RangeError(`${this.heldBytes} bytes wait to be archived, and at most ${this.bytesMax} may; wait for room.`);
    const record = chainRecord(this.last.hash, { seq: position.seq, generation: position.generation, body }, sha256);
    const fault = placeFault(this.last, { ...position, previous: record.previous, hash: record.hash });
    if (fault) throw new ArchiveBroken(`The archive cannot be carried on at ${fault.position}: ${fault.problem}`, fault.position);
    const line = `${encodeRecord(record)}\n`;
    this.waiting.push({ record, line });
    this.heldBytes += line.length;
    this.last = { seq: record.seq, generation: record.generation, hash: record.hash };
  }

  /** Resolves when one more entry may be added. */
  room(): Promise<void> {
    if (this.heldBytes < this.bytesMax) return Promise.resolve();
    return new Promise((resolve, reject) => this.roomSeekers.push({ resolve, reject }));
  }

  /** Takes the oldest records out. They count as held until `done`. */
  take(): RecordBatch {
    let count = 0;
    for (let bytes = 0; count < this.waiting.length && bytes < BATCH_BYTES_MAX; count++) bytes += (this.waiting[count]?.line ?? '').length;
    const taken = this.waiting.slice(0, count);
    this.waiting = this.waiting.slice(count);
    return { records: taken.map(({ record }) => record), bytes: Buffer.from(taken.map(({ line }) => line).join(''), 'utf8') };
  }

  done({ records, bytes }: RecordBatch): void {
    this.heldBytes = this.isEmpty ? 0 : Math.max(0, this.heldBytes - bytes.length);
    if (records.length === 0 || this.heldBytes >= this.bytesMax) return;
    for (const { resolve } of this.roomSeekers.splice(0)) resolve();
  }

  fail(error: Error): void {
    for (const { reject } of this.roomSeekers.splice(0)) reject(error);
  }
}
