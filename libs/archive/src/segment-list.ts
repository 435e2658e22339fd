import { type ArchiveDisk, readWhole } from './archive-disk';
import { type ArchivePlace, LOG_NOTE, partitionDir, partitionOfName, type SegmentFile, segmentsAmong } from './archive.layout';
import { ArchiveBroken } from './archive.errors';
import { NODE_DISK } from './node-disk.adapter';
import { join } from 'node:path';

/** Which log an archive belongs to: `log.json` in its directory. */
export interface LogNote {
  readonly format: 1;
  readonly logId: string;
  readonly partitions: number;
  /** Epoch ms. */
  readonly createdAtMs: number;
}

/** The segments of a partition, in order; none when nothing is archived. */
export async function listSegments(place: ArchivePlace, disk: ArchiveDisk = NODE_DISK): Promise<SegmentFile[]> {
  return segmentsAmong(place, await disk.list(partitionDir(place)));
}

/** Partitions that the archive has a directory for, ascending. */
export async function listPartitions({ dir }: Pick<ArchivePlace, 'dir'>, disk: ArchiveDisk = NODE_DISK): Promise<number[]> {
  const partitions = (await disk.list(dir)).map(partitionOfName).filter((partition) => partition !== undefined);
  return partitions.sort((a, b) => a - b);
}

/**
 * Undefined when the archive has none, and so has not been written yet.
 *
 * @throws ArchiveBroken when it cannot be read.
 */
export async function readLogNote({ dir }: Pick<ArchivePlace, 'dir'>, disk: ArchiveDisk = NODE_DISK): Promise<LogNote | undefined> {
  const path = join(dir, LOG_NOTE);
  const bytes = await readWhole(disk, path);
  if (!bytes) return undefined;
  let note: Partial<LogNote>;
  try {
    note = JSON.parse(bytes.toString('utf8')) as Partial<LogNote>;
  } catch {
    throw new ArchiveBroken(`${path} is not JSON.`);
  }
  const { format, logId, partitions, createdAtMs } = note;
  if (format !== 1) throw new ArchiveBroken(`${path} has format ${String(format)}; this program reads format 1.`);
  if (typeof logId !== 'string' || !Number.isSafeInteger(partitions) || !Number.isSafeInteger(createdAtMs))
    throw new ArchiveBroken(`${path} names no log: it must have logId, partitions and createdAtMs.`);
  return { format, logId, partitions: partitions as number, createdAtMs: createdAtMs as number };
}
