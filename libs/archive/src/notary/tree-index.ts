import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { foldNodes, Frontier, nodesOf, type TreeNode } from '@torch/domain-audit';
import { type ArchivePlace, INDEX, partitionDir } from '../archive.layout';
import { readArchive } from '../archive.reader';
import { sha256 } from '../hashing';

const HASH_BYTES = 32;
/** Every eighth level is kept, so that a hash is at most 256 others away: one read of 8 KiB. */
const LEVEL_STEP = 8;
const LEVELS = [0, 8, 16, 24, 32] as const;
const WRITE_HASHES = 8192;

/**
 * The hashes of one partition's tree, in flat files that can be deleted and are made anew from the archive:
 * `index/tree-<level>`, 32 bytes for each perfect subtree of `2^level` leaves, in order.
 *
 * It is a cache and proves nothing: whoever makes a proof of it checks the proof.
 */
export class TreeIndex {
  private constructor(
    private readonly files: ReadonlyMap<number, FileHandle>,
    private leaves: number,
  ) {}

  /** Opens the index, and carries it on to `size` leaves. @throws ArchiveBroken when the archive has fewer records. */
  static async open(place: ArchivePlace, size: number): Promise<TreeIndex> {
    const dir = join(partitionDir(place), INDEX);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const files = new Map<number, FileHandle>();
    for (const level of LEVELS) files.set(level, await openOrCreate(join(dir, `tree-${String(level).padStart(2, '0')}`)));
    const index = new TreeIndex(files, await wholeSize(files));
    try {
      await index.carryOn(place, size);
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  /** Forgets an index: the next one is made from the archive alone. */
  static async remove(place: ArchivePlace): Promise<void> {
    for (const level of LEVELS) await rm(join(partitionDir(place), INDEX, `tree-${String(level).padStart(2, '0')}`), { force: true });
  }

  /** The hash of a perfect subtree within the tree, from one read. */
  async hash({ level, index }: TreeNode): Promise<string> {
    const kept = Math.min(LEVELS[LEVELS.length - 1] as number, Math.floor(level / LEVEL_STEP) * LEVEL_STEP);
    const count = 2 ** (level - kept);
    return foldPerfect(await this.read(kept, index * count, count));
  }

  async close(): Promise<void> {
    for (const file of this.files.values()) await file.close();
  }

  private async carryOn(place: ArchivePlace, size: number): Promise<void> {
    if (this.leaves >= size) return;
    const nodes = await Promise.all(nodesOf({ from: 0, to: this.leaves }).map((node) => this.hash(node)));
    const frontier = Frontier.decode(nodes, this.leaves, sha256);
    const writer = new LevelWriter(this.files, this.leaves);
    for await (const batch of readArchive({ ...place, afterSeq: this.leaves, throughSeq: size })) {
      for (const { leaf } of batch) frontier.append(leaf, (level, hash) => writer.add(level, hash));
      await writer.flush();
    }
    await writer.flush({ isLast: true });
    this.leaves = frontier.size;
  }

  private async read(level: number, from: number, count: number): Promise<string[]> {
    const bytes = Buffer.alloc(count * HASH_BYTES);
    const { bytesRead } = await (this.files.get(level) as FileHandle).read(bytes, 0, bytes.length, from * HASH_BYTES);
    if (bytesRead < bytes.length) throw new RangeError(`The index ends before subtree ${from + count} of level ${level}.`);
    return Array.from({ length: count }, (_, i) => bytes.toString('hex', i * HASH_BYTES, (i + 1) * HASH_BYTES));
  }
}

/** Collects hashes by level, and writes them behind those that are there. */
class LevelWriter {
  private readonly waiting = new Map<number, string[]>();
  private readonly written: Map<number, number>;

  constructor(
    private readonly files: ReadonlyMap<number, FileHandle>,
    leaves: number,
  ) {
    this.written = new Map(LEVELS.map((level) => [level, Math.floor(leaves / 2 ** level)]));
  }

  add(level: number, hash: string): void {
    if (!this.files.has(level)) return;
    const hashes = this.waiting.get(level);
    if (hashes) hashes.push(hash);
    else this.waiting.set(level, [hash]);
  }

  /** Leaves go last: an index that a crash cut short has no level that reaches further than they do. */
  async flush({ isLast = false } = {}): Promise<void> {
    if (!isLast && (this.waiting.get(0)?.length ?? 0) < WRITE_HASHES) return;
    for (const level of [...LEVELS].reverse()) {
      const hashes = this.waiting.get(level) ?? [];
      const at = this.written.get(level) as number;
      if (hashes.length === 0) continue;
      await (this.files.get(level) as FileHandle).write(Buffer.from(hashes.join(''), 'hex'), 0, undefined, at * HASH_BYTES);
      this.written.set(level, at + hashes.length);
    }
    this.waiting.clear();
  }
}

const openOrCreate = async (path: string): Promise<FileHandle> =>
  open(path, 'r+', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return open(path, 'wx+', 0o600).catch((late: NodeJS.ErrnoException) => {
      if (late.code !== 'EEXIST') throw late;
      return open(path, 'r+', 0o600);
    });
  });

/** Leaves of which every level has what it must have. */
async function wholeSize(files: ReadonlyMap<number, FileHandle>): Promise<number> {
  let size = Infinity;
  for (const [level, file] of files) {
    const nodes = Math.floor((await file.stat()).size / HASH_BYTES);
    size = Math.min(size, level === 0 ? nodes : (nodes + 1) * 2 ** level - 1);
  }
  return size;
}

/** The root of a perfect tree over `2^n` neighbouring hashes. */
function foldPerfect(hashes: readonly string[]): string {
  let row = hashes;
  while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, i) => foldNodes(row.slice(2 * i, 2 * i + 2), sha256));
  return row[0] as string;
}
