import { join } from 'node:path';
import { type ArchiveDisk, replaceFile } from './archive-disk';
import { LOG_NOTE } from './archive.layout';
import { NODE_DISK } from './node-disk.adapter';
import { type LogNote, readLogNote } from './segment-list';

/**
 * The note of the log that the archive is of; made, durably, for `identity` where the archive is new.
 *
 * @throws ArchiveBroken when there is one that cannot be read; the system's error when the disk refuses.
 */
export async function ensureLogNote(request: {
  readonly dir: string;
  readonly identity: Pick<LogNote, 'logId' | 'partitions'>;
  readonly nowMs: number;
  readonly disk?: ArchiveDisk;
}): Promise<LogNote> {
  const { dir, identity, nowMs, disk = NODE_DISK } = request;
  const found = await readLogNote({ dir }, disk);
  if (found) return found;
  const note: LogNote = { format: 1, logId: identity.logId, partitions: identity.partitions, createdAtMs: nowMs };
  await disk.makeDir(dir);
  await replaceFile(disk, { dir, path: join(dir, LOG_NOTE) }, Buffer.from(`${JSON.stringify(note)}\n`));
  return note;
}
