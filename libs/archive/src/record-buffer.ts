import { type ChainHead, placeFault } from '@torch/domain-audit';
import { ArchiveBroken } from './archive.errors';
import { type ArchiveEntry, RecordLines } from './record-lines';

/** One flush takes about this much, so that the work on it does not hold everything else up. */
const BATCH_BYTES_MAX = 2 * 1024 * 1024;
/** For a start: most batches are small, and whoever falls behind gets a large one at once. */
const BUFFER_BYTES = 64 * 1024;
/** A buffer that was made for a huge commit is not kept. */
const SPARE_BYTES_MAX = 2 * BATCH_BYTES_MAX;

/** Records that are not durable yet, in order. */
export class RecordBuffer {
  private readonly waiting: RecordLines[] = [];
  /** Of a batch that is done, for the next one. */
  private spare: Buffer | undefined;
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

  /** Of lines that are not durable. */
  get bytes(): number {
    return this.heldBytes;
  }

  /**
   * @throws ArchiveBroken when the entry is not the one behind the last; RangeError when there is no room: `room` was not waited for.
   */
  add({ position, body }: ArchiveEntry): void {
    if (this.heldBytes >= this.bytesMax)
      throw new RangeError(`${this.heldBytes} bytes wait to be archived, and at most ${this.bytesMax} may; wait for room.`);
    const fault = placeFault(this.last, position);
    if (fault) throw new ArchiveBroken(`The archive cannot be carried on at ${fault.position}: ${fault.problem}`, fault.position);
    const lines = this.linesWithRoom();
    const before = lines.size;
    const { seq, generation, hash } = lines.add({ position, body }, this.last.hash);
    this.heldBytes += lines.size - before;
    this.last = { seq, generation, hash };
  }

  /** Resolves when one more entry may be added. */
  room(): Promise<void> {
    if (this.heldBytes < this.bytesMax) return Promise.resolve();
    return new Promise((resolve, reject) => this.roomSeekers.push({ resolve, reject }));
  }

  /** Takes the oldest records out. They count as held until `done`. */
  take(): RecordLines | undefined {
    return this.waiting.shift();
  }

  /** What was taken out is durable. */
  done(lines: RecordLines): void {
    this.heldBytes -= lines.size;
    const buffer = lines.release();
    if (buffer.length <= SPARE_BYTES_MAX) this.spare = buffer;
    if (this.heldBytes >= this.bytesMax) return;
    for (const { resolve } of this.roomSeekers.splice(0)) resolve();
  }

  fail(error: Error): void {
    for (const { reject } of this.roomSeekers.splice(0)) reject(error);
  }

  private linesWithRoom(): RecordLines {
    const newest = this.waiting.at(-1);
    if (newest && newest.size < BATCH_BYTES_MAX) return newest;
    const lines = new RecordLines(this.spare ?? Buffer.allocUnsafeSlow(newest ? SPARE_BYTES_MAX : BUFFER_BYTES));
    this.spare = undefined;
    this.waiting.push(lines);
    return lines;
  }
}
