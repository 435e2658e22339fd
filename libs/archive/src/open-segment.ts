import { join } from 'node:path';
import { type DiskFile, type FencedDisk, unfinishedPath } from './archive-disk';
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
  /** How far this writer may have written: what reaches further is somebody else's. */
  private writtenBytes: number;
  private readonly dir: string;

  constructor(
    place: ArchivePlace,
    private readonly disk: FencedDisk,
    readonly firstSeq: number,
    /** Bytes of a file that is there; undefined: it is to be made. */
    private foundBytes?: number,
  ) {
    this.writtenBytes = foundBytes ?? 0;
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
    this.writtenBytes = Math.max(this.writtenBytes, this.durableBytes + bytes.length);
    await file.write(bytes, this.durableBytes);
    await file.sync();
    this.isClean = true;
    this.durableBytes += bytes.length;
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
    if (this.file && this.isClean) return this.file;
    await this.close().catch(() => undefined);
    const file = (this.file = await (this.foundBytes === undefined ? this.make() : this.reopen()));
    await this.disk.syncDir(this.dir);
    this.isClean = true;
    return file;
  }

  /** Under another name first: what a writer that was paused makes late never gets this one. */
  private async make(): Promise<DiskFile> {
    const unfinished = unfinishedPath(this.path, this.disk);
    const file = await this.disk.openToWrite(unfinished);
    await file.truncate(0);
    await file.sync();
    await this.disk.rename(unfinished, this.path);
    this.foundBytes = 0;
    return file;
  }

  private async reopen(): Promise<DiskFile> {
    const file = await this.disk.openToChange(this.path);
    const size = (await file?.size()) ?? 0;
    if (!file || size < this.durableBytes)
      throw new ArchiveBroken(`${this.path} has ${size} bytes where ${this.durableBytes} were durable: it was cut off or taken away.`);
    if (size > this.writtenBytes)
      throw new ArchiveBroken(`${this.path} has ${size} bytes where ${this.writtenBytes} were written: it has another writer.`);
    await file.truncate(this.durableBytes);
    await file.sync();
    return file;
  }
}
