import type { ArchiveDisk } from '../archive-disk';
import { archiveHead } from '../archive-head';
import type { ArchivePlace } from '../archive.layout';
import { readGateNote, writeGateNote } from './gate.note';

/** Generations that are given one by one, with each recovery, do not get this far: each takes longer than a second. */
const PER_MS = 1 / 1000;

/**
 * Notes for an archive that comes from a copy that the log may go on no lower than in the second that this is done in. Which
 * generations were given after the copy was made is known to nobody here, and none of them may be given again.
 *
 * @param least the highest generation that is known to have been given.
 */
export async function noteRestored(
  place: ArchivePlace,
  { least = 0, nowMs }: { readonly least?: number; readonly nowMs: number },
  disk: ArchiveDisk,
): Promise<void> {
  const note = await readGateNote(place, disk);
  const head = await archiveHead(place, disk);
  const generation = Math.max(least, note?.generation ?? 0, head.generation, Math.floor(nowMs * PER_MS));
  await writeGateNote(place, { incarnation: 'restored', generation }, disk);
}
