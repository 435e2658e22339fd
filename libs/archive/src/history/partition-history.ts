import { Gap, type LogEntry, LogRegressed, type Position } from '@torch/log';
import { archiveHead } from '../archive-head';
import { listSegments } from '../segment-list';
import { ArchiveCursor } from './archive-cursor';
import type { ArchiveLogOptions, PrunedContent, ReadableLog } from './archive-log';
import { joinsArchive } from './seam';

export interface PartitionHistoryOptions extends ArchiveLogOptions {
  readonly partition: number;
}

/** Where the archive ends, and what comes behind it. */
interface Seam {
  readonly archived: Position;
  /** Ascending. */
  readonly segmentStarts: readonly number[];
  /** Undefined where the archive is all there is. */
  readonly hot: ReadableLog | undefined;
}

/** One partition of an `ArchiveLog`. */
export class PartitionHistory {
  private found: Promise<Seam> | undefined;
  private cursor: ArchiveCursor | undefined;
  private prunedContent: PrunedContent = { records: 0, throughSeq: 0 };

  constructor(private readonly options: PartitionHistoryOptions) {}

  async read(afterSeq: number, limit: number): Promise<readonly LogEntry[]> {
    const seam = await this.seam();
    if (afterSeq < seam.archived.seq) return this.readArchived(afterSeq, limit, seam);
    try {
      return await this.readHot(afterSeq, limit, seam);
    } catch (error) {
      // The log server was trimmed meanwhile: then the archive has grown.
      if (!(error instanceof Gap)) throw error;
      const grown = await this.seam(true);
      if (grown.archived.seq <= afterSeq) throw error;
      return this.readArchived(afterSeq, limit, grown);
    }
  }

  async head(): Promise<Position> {
    const { archived, hot } = await this.seam();
    return hot ? hot.head(this.options.partition) : archived;
  }

  async first(): Promise<Position | undefined> {
    const { archived, hot } = await this.seam();
    if (archived.seq === 0) return hot?.first(this.options.partition);
    const [entry] = await this.read(0, 1);
    return entry?.position;
  }

  async archived(): Promise<Position> {
    return (await this.seam()).archived;
  }

  pruned(): PrunedContent {
    return this.prunedContent;
  }

  async close(): Promise<void> {
    await this.cursor?.close();
    this.cursor = undefined;
  }

  private seam(anew = false): Promise<Seam> {
    if (this.found && !anew) return this.found;
    const found = this.findSeam();
    // A log server that was away is asked again.
    found.catch(() => (this.found = undefined));
    return (this.found = found);
  }

  private async findSeam(): Promise<Seam> {
    const { partition, hot, disk } = this.options;
    const { seq, generation } = await archiveHead(this.options, disk);
    const archived = { seq, generation };
    const segmentStarts = (await listSegments(this.options, disk)).map(({ firstSeq }) => firstSeq);
    const seam = { archived, segmentStarts, hot };
    if (!hot) return seam;
    const readArchived = (afterSeq: number, limit: number): Promise<readonly LogEntry[]> => this.readArchived(afterSeq, limit, seam);
    return (await joinsArchive({ partition, archived, hot, readArchived })) ? seam : { ...seam, hot: undefined };
  }

  private async readHot(afterSeq: number, limit: number, { archived, hot }: Seam): Promise<readonly LogEntry[]> {
    const { partition } = this.options;
    if (!hot) {
      if (afterSeq > archived.seq) throw new LogRegressed(partition, { seq: afterSeq, generation: archived.generation }, archived);
      return [];
    }
    const entries = await hot.read(partition, afterSeq, limit);
    const [first] = entries;
    if (first && afterSeq === archived.seq && first.position.generation < archived.generation)
      throw new Gap(partition, afterSeq + 1, first.position);
    return entries;
  }

  /** The cursor is out of its place while it is used: whoever reads at the same time has another one. */
  private async readArchived(afterSeq: number, limit: number, seam: Seam): Promise<readonly LogEntry[]> {
    const cursor = await this.cursorAt(afterSeq, seam);
    try {
      return await cursor.take(limit);
    } finally {
      const other = this.cursor;
      this.cursor = cursor;
      await other?.close();
    }
  }

  private async cursorAt(afterSeq: number, { archived, segmentStarts }: Seam): Promise<ArchiveCursor> {
    const { cursor } = this;
    this.cursor = undefined;
    if (cursor && cursor.throughSeq === archived.seq && isAhead(cursor.seq, afterSeq, segmentStarts)) {
      await cursor.skipThrough(afterSeq);
      return cursor;
    }
    await cursor?.close();
    const { dir, partition, disk } = this.options;
    const onPruned = (seq: number): void => {
      const { records, throughSeq } = this.prunedContent;
      if (seq > throughSeq) this.prunedContent = { records: records + 1, throughSeq: seq };
    };
    return new ArchiveCursor({ dir, partition, disk, afterSeq, throughSeq: archived.seq, onPruned });
  }
}

/** Further on in the segment that the cursor is in; anything else is faster found from the start of its own segment. */
function isAhead(seq: number, target: number, segmentStarts: readonly number[]): boolean {
  if (target <= seq) return target === seq;
  return !segmentStarts.some((start) => start > seq + 1 && start <= target + 1);
}
