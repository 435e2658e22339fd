import { join } from 'node:path';
import type { ArchiveDisk, DiskFile } from './archive-disk';
import { ArchiveBroken } from './archive.errors';
import { type ArchivePlace, openSegmentName, partitionDir } from './archive.layout';
import { SegmentTally } from './segment-tally';

/** The segment that is being written. After a failure it cuts itself back to what is durable before it goes on. */
export class OpenSegment {
  readonly path: string;
  readonly tally = new SegmentTally();
  /** Bytes that are on disk whatever happens to the machine. */
  durableBytes = 0;
  /** When its first record came, by a clock that never goes back. */
  readonly sinceMs = performance.now();
  private file: DiskFile | undefined;
  /** The name is durable, and nothing but what is durable is in the file. */
  private isClean = false;
  private readonly dir: string;

  constructor(
    place: ArchivePlace,
    private readonly disk: ArchiveDisk,
    readonly firstSeq: number,
  ) {
    this.dir = partitionDir(place);
    this.path = join(this.dir, openSegmentName(firstSeq));
  }

  /**
   * Adds `bytes` and makes them durable. After a rejection they are not, and the same bytes may be tried again.
   *
   * @throws ArchiveBroken when somebody else has written to the file or taken it away.
   */
  async append(bytes: Uint8Array): Promise<void> {
    const file = await this.ready();
    const size = await file.size();
    if (size !== this.durableBytes)
      throw new ArchiveBroken(`${this.path} has ${size} bytes where ${this.durableBytes} were written: it has another writer.`);
    this.isClean = false;
    await file.write(bytes, this.durableBytes);
    await file.sync();
    this.isClean = true;
    this.durableBytes += bytes.length;
  }

  /** Its file is open, and nothing has failed since. */
  get isReady(): boolean {
    return this.file !== undefined && this.isClean;
  }

  /** Cuts off what was torn, and makes durable what a writer that died may not have. */
  async secure(): Promise<void> {
    await this.ready();
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    this.isClean = false;
    await file?.close();
  }

  /** What a failed write or sync left behind is not to be relied on, in the file as in the system's memory of it. */
  private async ready(): Promise<DiskFile> {
    if (this.file && this.isReady) return this.file;
    await this.close().catch(() => undefined);
    const file = (this.file = await this.disk.openToWrite(this.path));
    const size = await file.size();
    if (size < this.durableBytes)
      throw new ArchiveBroken(`${this.path} has ${size} bytes where ${this.durableBytes} were durable: it was cut off or taken away.`);
    await file.truncate(this.durableBytes);
    await file.sync();
    await this.disk.syncDir(this.dir);
    this.isClean = true;
    return file;
  }
}
