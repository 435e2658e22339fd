import { dirname, basename } from 'node:path';
import type { SeededRandom } from '@torch/testing';
import type { ArchiveDisk, DiskFile } from './archive-disk';

/** What a disk is asked to do that changes something. */
export type DiskOperation = 'make' | 'write' | 'truncate' | 'sync' | 'rename' | 'remove' | 'syncDir';

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };

/** One file's content: what is on the platter, and what only the system's memory has. */
class Content {
  current: Buffer = Buffer.alloc(0);
  durable: Buffer = Buffer.alloc(0);
  pending: Change[] = [];

  change(change: Change): void {
    this.pending.push(change);
    this.current = applied(this.current, change);
  }

  sync(): void {
    this.durable = this.current;
    this.pending = [];
  }
}

function applied(content: Buffer, change: Change): Buffer {
  const size = 'size' in change ? change.size : Math.max(content.length, change.at + change.bytes.length);
  const next = Buffer.alloc(size);
  content.copy(next);
  if ('bytes' in change) change.bytes.copy(next, change.at);
  return next;
}

type Names = Map<string, Content>;

/** A system call that fails, as Node reports it. */
export const systemError = (code: string): Error => Object.assign(new Error(`${code}: simulated`), { code });

/**
 * A disk with the guarantees of a real one and no more: what was not synced may be there after a crash, in part or not at
 * all; names that were made, changed or removed without a sync of their directory likewise.
 */
export class SimulatedDisk implements ArchiveDisk {
  /** Changing operations so far. */
  operations = 0;
  /** The machine stops in the middle of this operation. */
  crashAt = Infinity;
  /** Says which operation is refused, and how. */
  fault: (operation: DiskOperation, path: string) => string | undefined = () => undefined;
  /** What the disk says that it has done, and has not. */
  liesAbout: 'sync' | 'syncDir' | undefined;

  constructor(
    private names: Names = new Map(),
    private durableNames: Names = new Map(names),
  ) {}

  private pendingNames: { readonly dir: string; readonly apply: (names: Names) => void }[] = [];

  /** What a new start of the machine finds. */
  rebooted(random: SeededRandom): SimulatedDisk {
    const names: Names = new Map(this.durableNames);
    const stopped = new Set<string>();
    for (const { dir, apply } of this.pendingNames) {
      if (stopped.has(dir)) continue;
      if (random.next() < 0.5) apply(names);
      else stopped.add(dir);
    }
    const contents = new Map<Content, Content>();
    for (const [path, content] of names) {
      const found = contents.get(content) ?? survivor(content, random);
      contents.set(content, found);
      names.set(path, found);
    }
    return new SimulatedDisk(names);
  }

  read(path: string): Buffer | undefined {
    return this.names.get(path)?.current;
  }

  /** Changes a file behind everybody's back. */
  tamper(path: string, content: Buffer): void {
    const file = this.names.get(path) ?? new Content();
    file.current = file.durable = content;
    this.names.set(path, file);
    this.durableNames.set(path, file);
  }

  get paths(): string[] {
    return [...this.names.keys()].sort();
  }

  makeDir(): Promise<void> {
    return Promise.resolve();
  }

  list(dir: string): Promise<string[]> {
    this.assertRunning();
    return Promise.resolve([...this.names.keys()].filter((path) => dirname(path) === dir).map((path) => basename(path)));
  }

  openToRead(path: string): Promise<DiskFile | undefined> {
    this.assertRunning();
    const content = this.names.get(path);
    return Promise.resolve(content && this.file(path, content));
  }

  async openToWrite(path: string): Promise<DiskFile> {
    let content = this.names.get(path);
    if (!content) {
      const made = (content = new Content());
      await this.operation('make', path, () => this.rename_(dirname(path), (names) => names.set(path, made)));
    }
    return this.file(path, content);
  }

  openToChange(path: string): Promise<DiskFile | undefined> {
    return this.openToRead(path);
  }

  rename(from: string, to: string): Promise<void> {
    return this.operation('rename', from, () =>
      this.rename_(dirname(from), (names) => {
        const content = names.get(from);
        if (!content) return;
        names.delete(from);
        names.set(to, content);
      }),
    );
  }

  async remove(path: string): Promise<void> {
    if (this.names.has(path)) await this.operation('remove', path, () => this.rename_(dirname(path), (names) => names.delete(path)));
  }

  syncDir(dir: string): Promise<void> {
    return this.operation('syncDir', dir, () => {
      if (this.liesAbout === 'syncDir') return;
      for (const change of this.pendingNames) if (change.dir === dir) change.apply(this.durableNames);
      this.pendingNames = this.pendingNames.filter((change) => change.dir !== dir);
    });
  }

  private rename_(dir: string, apply: (names: Names) => void): void {
    apply(this.names);
    this.pendingNames.push({ dir, apply });
  }

  private file(path: string, content: Content): DiskFile {
    return {
      size: () => this.running(() => content.current.length),
      read: (into, position) => this.running(() => content.current.copy(into, 0, position, position + into.length)),
      write: (bytes, at) => this.operation('write', path, () => content.change({ at, bytes: Buffer.from(bytes) })),
      truncate: (size) => this.operation('truncate', path, () => content.change({ size })),
      sync: () => this.operation('sync', path, () => (this.liesAbout === 'sync' ? undefined : content.sync())),
      close: () => Promise.resolve(),
    };
  }

  /** A crash comes while the operation is under way: a change may have reached the disk, a sync has told nobody of its end. */
  private async operation(operation: DiskOperation, path: string, act: () => unknown): Promise<void> {
    this.assertRunning();
    await Promise.resolve();
    this.assertRunning();
    const code = this.fault(operation, path);
    if (code !== undefined) throw systemError(code);
    this.operations++;
    if (this.operations < this.crashAt) {
      act();
      return;
    }
    if (operation !== 'sync' && operation !== 'syncDir') act();
    throw new Error('The machine has stopped.');
  }

  private running<T>(look: () => T): Promise<T> {
    this.assertRunning();
    return Promise.resolve(look());
  }

  private assertRunning(): void {
    if (this.operations >= this.crashAt) throw new Error('The machine has stopped.');
  }
}

/** So small that a record spans several. */
const PAGE_BYTES = 64;

/**
 * Changes reach the platter in order; the one that was under way may be torn. Of bytes that were added behind what was synced, any
 * page may be missing, and reads as zeros.
 */
function survivor(content: Content, random: SeededRandom): Content {
  const kept = random.int(0, content.pending.length);
  let durable = content.durable;
  for (const change of content.pending.slice(0, kept)) durable = applied(durable, change);
  const torn = content.pending[kept];
  if (torn && 'bytes' in torn) durable = applied(durable, { at: torn.at, bytes: torn.bytes.subarray(0, random.int(0, torn.bytes.length)) });
  const found = new Content();
  found.current = found.durable = withLostPage(durable, content.durable.length, random);
  return found;
}

function withLostPage(content: Buffer, syncedBytes: number, random: SeededRandom): Buffer {
  const first = Math.ceil(syncedBytes / PAGE_BYTES);
  const end = Math.ceil(content.length / PAGE_BYTES);
  if (first >= end || random.next() < 0.5) return content;
  const page = random.int(first, end - 1);
  return Buffer.from(content).fill(0, page * PAGE_BYTES, Math.min(content.length, (page + 1) * PAGE_BYTES));
}
