import type { Log, LogEntry, Position } from '@torch/log';
import type { ArchiveDisk } from '../archive-disk';
import { PartitionHistory } from './partition-history';

export type ReadableLog = Pick<Log, 'read' | 'head' | 'first'>;

export interface ArchiveLogOptions {
  /** The archive's directory. One that is not there yet is an archive without records. */
  readonly dir: string;
  /** The log server's log, for what is not archived yet; absent: the archive alone. */
  readonly hot?: ReadableLog;
  readonly disk?: ArchiveDisk;
}

/** Content that retention has removed, as far as it was met while reading on from the beginning. */
export interface PrunedContent {
  readonly records: number;
  /** The last seq of which the content is gone. */
  readonly throughSeq: number;
}

/**
 * The whole history as one log: the archive first, and behind its end what the log server has beyond it. Works on the archive
 * alone when there is no log server, or when that has lost what is archived.
 *
 * Pages that follow each other are read in one go, and files are not opened anew for them. A record without content reads
 * as a commit without events; `pruned` tells how many there were.
 */
export class ArchiveLog implements ReadableLog {
  private readonly partitions = new Map<number, PartitionHistory>();

  constructor(private readonly options: ArchiveLogOptions) {}

  /**
   * Up to `limit` entries behind `afterSeq`, in order and without a hole; fewer at the end of the archive, although the log
   * server may have more.
   *
   * @throws Gap when an entry is missing in the log server's part, or between it and the archive.
   * @throws LogRegressed when the history ends before `afterSeq`.
   * @throws HistoryForked when the two contradict each other. ArchiveBroken when a record is missing or cannot be read.
   * @throws LogUnavailable
   */
  read(partition: number, afterSeq: number, limit: number): Promise<readonly LogEntry[]> {
    return this.of(partition).read(afterSeq, limit);
  }

  head(partition: number): Promise<Position> {
    return this.of(partition).head();
  }

  first(partition: number): Promise<Position | undefined> {
    return this.of(partition).first();
  }

  /** The end of the archive as it was when this partition was first asked for. */
  archived(partition: number): Promise<Position> {
    return this.of(partition).archived();
  }

  pruned(partition: number): PrunedContent {
    return this.of(partition).pruned();
  }

  /** Lets go of open files. The log server's connection stays as it is. */
  async close(): Promise<void> {
    await Promise.all([...this.partitions.values()].map((history) => history.close()));
  }

  private of(partition: number): PartitionHistory {
    let history = this.partitions.get(partition);
    if (!history) this.partitions.set(partition, (history = new PartitionHistory({ ...this.options, partition })));
    return history;
  }
}
