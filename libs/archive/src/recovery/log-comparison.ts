import { leafHash } from '@torch/domain-audit';
import { formatPosition, Gap, type Log, type LogEntry, type Position, samePosition } from '@torch/log';
import type { ArchiveDisk } from '../archive-disk';
import type { ArchivePlace } from '../archive.layout';
import { readArchive } from '../archive.reader';
import type { ArchivedRecord } from '../archived-record';
import { sha256 } from '../hashing';
import { PRUNED_BODY } from '../history/pruned-body';

const ENTRIES_AT_A_TIME = 500;

export interface Difference {
  /** The first position, in the archive, where the log has something else. */
  readonly position: string;
  readonly problem: string;
}

export interface Comparison {
  readonly place: ArchivePlace;
  readonly disk: ArchiveDisk;
  readonly log: Log;
  /** Both ends are compared. */
  readonly fromSeq: number;
  readonly throughSeq: number;
}

/** The first difference between archive and log in a range that both have; undefined when there is none. Memory is flat. */
export async function firstDifference({ place, disk, log, fromSeq, throughSeq }: Comparison): Promise<Difference | undefined> {
  let entries: readonly LogEntry[] = [];
  let next = 0;
  for await (const batch of readArchive({ ...place, disk, afterSeq: fromSeq - 1, throughSeq })) {
    for (const record of batch) {
      if (next === entries.length) {
        entries = await readLog(log, place.partition, record.position.seq - 1);
        next = 0;
      }
      const problem = problemOf(record, entries[next++]);
      if (problem !== undefined) return { position: formatPosition(record.position), problem };
    }
  }
  return undefined;
}

async function readLog(log: Log, partition: number, afterSeq: number): Promise<readonly LogEntry[]> {
  try {
    return await log.read(partition, afterSeq, ENTRIES_AT_A_TIME);
  } catch (error) {
    if (error instanceof Gap) return [];
    throw error;
  }
}

function problemOf(record: ArchivedRecord, entry: LogEntry | undefined): string | undefined {
  if (!entry) return 'The log has nothing there.';
  if (!samePosition(entry.position, record.position)) return `The log has ${formatPosition(entry.position)} there.`;
  return isSameContent(record, entry.position, entry.body) ? undefined : 'The log has other content there.';
}

function isSameContent(record: ArchivedRecord, position: Position, body: string): boolean {
  const archived = record.bodyBytes;
  const bytes = Buffer.from(body, 'utf8');
  if (archived) return bytes.equals(archived);
  return body === PRUNED_BODY || leafHash({ ...position, body: bytes }, sha256) === record.leaf;
}
