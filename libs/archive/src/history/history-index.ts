import type { LogEntry } from '@torch/log';
import type { ArchiveDisk } from '../archive-disk';
import { readManifest } from '../manifest.reader';
import { NODE_DISK } from '../node-disk.adapter';
import type { ArchiveLog } from './archive-log';
import { type HistoryPart, HistoryPartBuilder, RECORDS_MAX } from './history-part';
import { indexedCommit, segmentIndex } from './history-part.files';

const READ_ENTRIES = 500;
/** Entries read at a time around those that are picked out. */
const PICK_ENTRIES = 64;

export interface HistoryIndexOptions {
  readonly dir: string;
  readonly partition: number;
  readonly log: ArchiveLog;
  readonly disk?: ArchiveDisk;
  /** Told that the sealed segment with this number is being indexed, of so many. */
  readonly onBuilding?: (segment: number, segments: number) => void;
}

/**
 * Finds things in one partition's history without reading all of it. Sealed segments have indexes on disk, which can be deleted
 * at any time; what comes behind them is read through once and indexed in memory.
 */
export class HistoryIndex {
  private found: Promise<readonly HistoryPart[]> | undefined;

  constructor(private readonly options: HistoryIndexOptions) {}

  /**
   * The last seq before the first commit that was recorded after `atMs`: what had happened by then. 0 when nothing had.
   *
   * @throws whatever `ArchiveLog.read` and `readManifest` throw.
   */
  async seqAt(atMs: number): Promise<number> {
    const parts = await this.parts();
    for (const part of parts) {
      const seq = part.firstSeqAfter(atMs);
      if (seq !== undefined) return seq - 1;
    }
    return parts.at(-1)?.lastSeq ?? 0;
  }

  /** Ascending seqs of all commits with an event under one of the keys, and perhaps of some without: check what is there. */
  async seqsOf(keys: Iterable<string>): Promise<number[]> {
    const parts = await this.parts();
    const seqs = new Set<number>();
    for (const key of keys) for (const part of parts) for (const seq of part.seqsOf(key)) seqs.add(seq);
    return [...seqs].sort((a, b) => a - b);
  }

  /** The entries at these seqs, which must be ascending. */
  async *entriesAt(seqs: readonly number[]): AsyncGenerator<LogEntry, void, void> {
    const { log, partition } = this.options;
    let page: readonly LogEntry[] = [];
    for (const seq of seqs) {
      const last = page.at(-1)?.position.seq ?? 0;
      if (seq > last) page = await log.read(partition, seq - 1, PICK_ENTRIES);
      const entry = page.find(({ position }) => position.seq === seq);
      if (entry) yield entry;
    }
  }

  private parts(): Promise<readonly HistoryPart[]> {
    this.found ??= this.gather();
    return this.found;
  }

  private async gather(): Promise<readonly HistoryPart[]> {
    const { dir, partition, log, disk = NODE_DISK, onBuilding } = this.options;
    const place = { dir, partition };
    const archived = await log.archived(partition);
    const sealed = (await readManifest(place, disk)).sealed.filter(({ lastSeq }) => lastSeq <= archived.seq);
    const parts: HistoryPart[] = [];
    for (const [i, segment] of sealed.entries()) {
      parts.push(...(await this.readThrough(behind(parts), segment.firstSeq - 1)));
      parts.push(await segmentIndex(place, segment, { disk, onBuilding: () => onBuilding?.(i + 1, sealed.length) }));
    }
    return [...parts, ...(await this.readThrough(behind(parts), (await log.head(partition)).seq))];
  }

  /** What no index on disk covers: the open segment, what only the log server has, a segment that the manifest does not know. */
  private async readThrough(firstSeq: number, lastSeq: number): Promise<HistoryPart[]> {
    const { log, partition } = this.options;
    const parts: HistoryPart[] = [];
    for (let seq = firstSeq; seq <= lastSeq;) {
      const builder = new HistoryPartBuilder(seq);
      const end = Math.min(lastSeq, seq + RECORDS_MAX - 1);
      while (seq <= end) {
        const entries = await log.read(partition, seq - 1, Math.min(READ_ENTRIES, end - seq + 1));
        if (entries.length === 0) return [...parts, builder.finish()];
        for (const { body } of entries) builder.add(indexedCommit(body));
        seq += entries.length;
      }
      parts.push(builder.finish());
    }
    return parts;
  }
}

const behind = (parts: readonly HistoryPart[]): number => (parts.at(-1)?.lastSeq ?? 0) + 1;
