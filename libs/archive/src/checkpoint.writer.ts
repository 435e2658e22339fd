import type { Checkpoint } from '@torch/domain-audit';
import { type ArchiveDisk, replaceFile } from './archive-disk';
import { ArchiveLocked } from './archive.errors';
import type { ArchiveFailures } from './archive-failures';
import { type ArchivePlace, checkpointPath, partitionDir } from './archive.layout';

/** How far an archive reaches, and what is in it: what a checkpoint says, without whose it is and when it was signed. */
export type ArchiveTree = Pick<Checkpoint, 'size' | 'root' | 'head' | 'manifest'>;

/** Makes a signed note of a tree. */
export type SignCheckpoint = (tree: ArchiveTree) => string;

interface Parts {
  readonly place: ArchivePlace;
  readonly disk: ArchiveDisk;
  readonly everyMs: number;
  readonly sign: SignCheckpoint;
  /** What is durable now. */
  readonly tree: () => ArchiveTree;
  readonly failures: ArchiveFailures;
}

/** Keeps the newest checkpoint of a partition in its file while records come in. */
export class CheckpointWriter {
  private isDirty = false;
  private isClosed = false;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly parts: Parts) {}

  /** There is more than the last checkpoint covers. */
  markDirty(): void {
    if (this.isClosed) return;
    this.isDirty = true;
    this.timer ??= setTimeout(() => void this.write(), this.parts.everyMs);
  }

  /** Writes one now, when there is anything new. Failures are told of, and tried again. */
  write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = this.writing.then(() => this.writeNewest());
    return this.writing;
  }

  private async writeNewest(): Promise<void> {
    if (!this.isDirty) return;
    const { place, disk, sign, tree, failures, everyMs } = this.parts;
    this.isDirty = false;
    try {
      const note = Buffer.from(sign(tree()), 'utf8');
      await replaceFile(disk, { dir: partitionDir(place), path: checkpointPath(place) }, note);
      failures.succeeded('checkpoint');
    } catch (error) {
      if (error instanceof ArchiveLocked) return this.abandon();
      failures.failed('checkpoint', error);
      this.isDirty = true;
      if (!this.isClosed) this.timer ??= setTimeout(() => void this.write(), everyMs);
    }
  }

  /** The last one, of an orderly end. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.write();
    clearTimeout(this.timer);
  }

  /** Writes no more. */
  abandon(): void {
    this.isClosed = true;
    this.isDirty = false;
    clearTimeout(this.timer);
  }
}
