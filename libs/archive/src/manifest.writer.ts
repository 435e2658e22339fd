import { encodeManifestLine, type ManifestFact, type ManifestLine, manifestHash } from '@torch/domain-audit';
import type { DiskFile, FencedDisk } from './archive-disk';
import { ArchiveBroken } from './archive.errors';
import { type ArchivePlace, manifestPath, partitionDir } from './archive.layout';
import { sha256 } from './hashing';
import { type ManifestRead, readManifest } from './manifest.reader';

/** A partition's manifest as its one writer keeps it: a file that was made when the archive was taken. */
export class ManifestWriter {
  private file: DiskFile | undefined;
  private isClean = false;
  private last: Promise<unknown> = Promise.resolve();
  /** How far this writer may have written: what reaches further is somebody else's. */
  private writtenBytes: number;

  private constructor(
    private readonly place: ArchivePlace,
    private readonly disk: FencedDisk,
    private known: ManifestLine[],
    private lastHash: string,
    private durableBytes: number,
  ) {
    this.writtenBytes = durableBytes;
  }

  /** @throws ArchiveBroken */
  static async open(place: ArchivePlace, disk: FencedDisk): Promise<{ manifest: ManifestWriter; read: ManifestRead }> {
    const read = await readManifest(place, disk);
    return { manifest: new ManifestWriter(place, disk, [...read.lines], read.hash, read.bytes), read };
  }

  get lines(): readonly ManifestLine[] {
    return this.known;
  }

  /** Of the last durable line. */
  get hash(): string {
    return this.lastHash;
  }

  /** Adds a line and makes it durable. After a rejection it is not there; it may be tried again. */
  append(fact: ManifestFact): Promise<void> {
    const added = this.last.then(() => this.write(fact));
    this.last = added.catch(() => undefined);
    return added;
  }

  async close(): Promise<void> {
    await this.last;
    await this.file?.close();
    this.file = undefined;
  }

  private async write(fact: ManifestFact): Promise<void> {
    const text = encodeManifestLine(fact, this.lastHash);
    const bytes = Buffer.from(`${text}\n`, 'utf8');
    const file = await this.ready();
    this.isClean = false;
    this.writtenBytes = Math.max(this.writtenBytes, this.durableBytes + bytes.length);
    await file.write(bytes, this.durableBytes);
    await file.sync();
    this.isClean = true;
    this.durableBytes += bytes.length;
    this.known.push({ ...fact, previous: this.lastHash });
    this.lastHash = manifestHash(text, sha256);
  }

  private async ready(): Promise<DiskFile> {
    if (this.file && this.isClean) return this.file;
    await this.file?.close().catch(() => undefined);
    const path = manifestPath(this.place);
    const file = (this.file = await this.disk.openToChange(path));
    const size = (await file?.size()) ?? 0;
    if (!file || size < this.durableBytes)
      throw new ArchiveBroken(`${path} has ${size} bytes where ${this.durableBytes} were durable: it was cut off or taken away.`);
    if (size > this.writtenBytes)
      throw new ArchiveBroken(`${path} has ${size} bytes where ${this.writtenBytes} were written: it has another writer.`);
    await file.truncate(this.durableBytes);
    await file.sync();
    await this.disk.syncDir(partitionDir(this.place));
    this.isClean = true;
    return file;
  }
}
