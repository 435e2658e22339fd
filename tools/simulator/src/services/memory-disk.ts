import { basename, dirname } from 'node:path';
import type { ArchiveDisk, DiskFile } from '@torch/archive';

/** A disk in memory that does what it is told. Torn writes and lies of disks are simulated where the archive is, not here. */
export class MemoryDisk implements ArchiveDisk {
  private readonly files = new Map<string, GrowingFile>();

  async makeDir(): Promise<void> {}

  async list(dir: string): Promise<string[]> {
    return [...this.files.keys()].filter((path) => dirname(path) === dir).map((path) => basename(path));
  }

  async openToRead(path: string): Promise<DiskFile | undefined> {
    return this.files.get(path);
  }

  async openToWrite(path: string): Promise<DiskFile> {
    return this.fileAt(path);
  }

  async openToChange(path: string): Promise<DiskFile | undefined> {
    return this.files.get(path);
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.files.get(from);
    if (!file) return;
    this.files.delete(from);
    this.files.set(to, file);
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }

  async syncDir(): Promise<void> {}

  append(path: string, text: string): void {
    this.fileAt(path).append(Buffer.from(text));
  }

  private fileAt(path: string): GrowingFile {
    let file = this.files.get(path);
    if (!file) this.files.set(path, (file = new GrowingFile()));
    return file;
  }
}

class GrowingFile implements DiskFile {
  private bytes = Buffer.alloc(4096);
  private length = 0;

  append(bytes: Uint8Array): void {
    this.put(bytes, this.length);
  }

  async size(): Promise<number> {
    return this.length;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return this.bytes.copy(into, 0, position, Math.min(this.length, position + into.length));
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    this.put(bytes, position);
  }

  async truncate(size: number): Promise<void> {
    this.bytes.fill(0, Math.min(size, this.length));
    this.length = size;
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}

  private put(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    this.bytes.set(bytes, position);
    this.length = Math.max(this.length, end);
  }
}
