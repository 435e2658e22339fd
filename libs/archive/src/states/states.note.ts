import { join } from 'node:path';
import type { ServiceMark } from '@torch/log';
import { type ArchiveDisk, type FencedDisk, readWhole, replaceFile } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, partitionDir } from '../archive.layout';
import { readArchive } from '../archive.reader';
import { ServiceMarks } from '../recovery/service-marks';

/** What makes the beginning of a log dispensable: written once the states that it speaks of are durable. */
export interface StatesNote {
  /** The lowest seq that some service still needs, although its state is archived; what is below is needed by none. */
  readonly neededSeq: number;
  /** The last commit of each service below it. */
  readonly marks: readonly ServiceMark[];
}

/** In a partition's directory. */
export const STATES_NOTE = 'states.json';

const pathOf = (place: ArchivePlace): string => join(partitionDir(place), STATES_NOTE);

/** @throws ArchiveBroken when it cannot be read. */
export async function readStatesNote(place: ArchivePlace, disk: ArchiveDisk): Promise<StatesNote> {
  const bytes = await readWhole(disk, pathOf(place));
  if (!bytes) return { neededSeq: 1, marks: [] };
  try {
    const { neededSeq, marks } = JSON.parse(bytes.toString('utf8')) as Partial<StatesNote>;
    if (Number.isSafeInteger(neededSeq) && Array.isArray(marks)) return { neededSeq: neededSeq as number, marks };
  } catch {
    // Said below.
  }
  throw new ArchiveBroken(`${pathOf(place)} cannot be read: it must hold neededSeq and marks.`);
}

/** Notes that nothing below `neededSeq` is needed, with what the archive knows of the services up to there. It never goes back. */
export async function noteStates(place: ArchivePlace, disk: FencedDisk, neededSeq: number): Promise<StatesNote> {
  const before = await readStatesNote(place, disk);
  if (neededSeq <= before.neededSeq) return before;
  const marks = new ServiceMarks(before.marks);
  for await (const batch of readArchive({ ...place, disk, afterSeq: before.neededSeq - 1, throughSeq: neededSeq - 1 }))
    for (const { body } of batch) if (body !== undefined) marks.see(body);
  const note: StatesNote = { neededSeq, marks: marks.all() };
  await replaceFile(disk, { dir: partitionDir(place), path: pathOf(place) }, Buffer.from(`${JSON.stringify(note)}\n`));
  return note;
}
