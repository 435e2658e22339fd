import { Gap, type LogEntry, type Position, samePosition } from '@torch/log';
import type { ReadableLog } from './archive-log';
import { HistoryForked } from './history.errors';
import { PRUNED_BODY } from './pruned-body';

/** Entries before the seam that are compared byte by byte. All of them are for `torch audit verify`. */
export const SEAM_ENTRIES = 64;

export interface SeamSides {
  readonly partition: number;
  /** The archive's end. */
  readonly archived: Position;
  readonly hot: ReadableLog;
  readArchived(afterSeq: number, limit: number): Promise<readonly LogEntry[]>;
}

/**
 * Compares the last entries that both the archive and the log server have.
 *
 * @returns whether the log server goes on from the archive: false when it has lost what is archived, and is to be restored.
 * @throws Gap when entries between the two are nowhere. HistoryForked when one of them differs.
 */
export async function joinsArchive({ partition, archived, hot, readArchived }: SeamSides): Promise<boolean> {
  if (archived.seq === 0) return true;
  const [first, head] = await Promise.all([hot.first(partition), hot.head(partition)]);
  if (!first) return false;
  if (first.seq > archived.seq + 1) throw new Gap(partition, archived.seq + 1, first);
  const through = Math.min(archived.seq, head.seq);
  const afterSeq = Math.max(first.seq - 1, through - SEAM_ENTRIES);
  if (afterSeq < through) {
    const limit = through - afterSeq;
    const [kept, served] = await Promise.all([readArchived(afterSeq, limit), hot.read(partition, afterSeq, limit)]);
    kept.forEach((entry, i) => {
      if (!isSame(entry, served[i])) throw new HistoryForked(partition, entry.position);
    });
  }
  return head.seq >= archived.seq;
}

function isSame(kept: LogEntry, served: LogEntry | undefined): boolean {
  return served !== undefined && samePosition(kept.position, served.position) && (kept.body === served.body || kept.body === PRUNED_BODY);
}
