import { encodeManifestLine, type ManifestFact, type ManifestLine, manifestHash } from '@torch/domain-audit';
import type { ArchiveDisk, DiskFile } from './archive-disk';
import { ArchiveBroken } from './archive.errors';
import { type ArchivePlace, manifestPath, partitionDir } from './archive.layout';
import { sha256 } from './hashing';
import { type ManifestRead, readManifest } from './manifest.reader';

/** A partition's manifest as its one writer keeps it. */
export class ManifestWriter {
  private file: DiskFile | undefined;
  private isClean = false;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly place: ArchivePlace,
    private readonly disk: ArchiveDisk,
    private known: ManifestLine[],
    private lastHash: string,
    private durableBytes: number,
  ) {}

  /** @throws ArchiveBroken */
  static async open(place: ArchivePlace, disk: ArchiveDisk): Promise<{ manifest: ManifestWriter; read: ManifestRead }> {
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

  /** Cuts a torn line off, and makes durable what a writer that died may not have. */
  async secure(): Promise<void> {
    if (this.durableBytes > 0) await this.ready();
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
    const file = (this.file = await this.disk.openToWrite(path));
    const size = await file.size();
    if (size < this.durableBytes)
      throw new ArchiveBroken(`${path} has ${size} bytes where ${this.durableBytes} were durable: it was cut off or taken away.`);
    await file.truncate(this.durableBytes);
    await file.sync();
    await this.disk.syncDir(partitionDir(this.place));
    this.isClean = true;
    return file;
  }
}
