import { type LogEntry } from '@torch/log';
import type { ArchiveDisk } from '../archive-disk';
import type { ArchivePlace } from '../archive.layout';
import { readArchive } from '../archive.reader';
import type { ArchivedRecord } from '../archived-record';
import { PRUNED_BODY } from './pruned-body';

export interface CursorOptions extends ArchivePlace {
  readonly afterSeq: number;
  readonly throughSeq: number;
  readonly disk?: ArchiveDisk;
  /** Told of every record without content, once each. */
  readonly onPruned: (seq: number) => void;
}

/** Reads an archive on from where it was, without opening its files anew for every page. */
export class ArchiveCursor {
  private readonly batches: AsyncGenerator<readonly ArchivedRecord[], void, void>;
  private batch: readonly ArchivedRecord[] = [];
  private next = 0;
  /** The last record that it will give. */
  readonly throughSeq: number;
  /** The seq behind which the next record is. */
  seq: number;

  constructor(private readonly options: CursorOptions) {
    this.seq = options.afterSeq;
    this.throughSeq = options.throughSeq;
    this.batches = readArchive(options);
  }

  /** Passes over what comes up to and including `seq`. */
  async skipThrough(seq: number): Promise<void> {
    while (this.seq < seq) if (!(await this.record())) return;
  }

  async take(limit: number): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    while (entries.length < limit) {
      const record = await this.record();
      if (!record) break;
      const { position, body } = record;
      if (body === undefined) this.options.onPruned(position.seq);
      entries.push({ position, body: body ?? PRUNED_BODY });
    }
    return entries;
  }

  async close(): Promise<void> {
    await this.batches.return();
  }

  private async record(): Promise<ArchivedRecord | undefined> {
    while (this.next >= this.batch.length) {
      const { done, value } = await this.batches.next();
      if (done) return undefined;
      this.batch = value;
      this.next = 0;
    }
    const record = this.batch[this.next++] as ArchivedRecord;
    this.seq = record.position.seq;
    return record;
  }
}
