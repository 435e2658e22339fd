import { join } from 'node:path';
import { type ArchiveDisk, readWhole, replaceFile } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, partitionDir } from '../archive.layout';

/** The last opening of a partition's gate. Written before the gate is opened, so that no generation is ever used twice. */
export interface GateNote {
  /** Of the log server that the gate was opened for. */
  readonly incarnation: string;
  /** In which the log goes on. */
  readonly generation: number;
}

/** In a partition's directory. */
export const GATE_NOTE = 'gate.json';

const pathOf = (place: ArchivePlace): string => join(partitionDir(place), GATE_NOTE);

/** Undefined when the gate was never opened. @throws ArchiveBroken when the note cannot be read. */
export async function readGateNote(place: ArchivePlace, disk: ArchiveDisk): Promise<GateNote | undefined> {
  const bytes = await readWhole(disk, pathOf(place));
  if (!bytes) return undefined;
  try {
    const { incarnation, generation } = JSON.parse(bytes.toString('utf8')) as Partial<GateNote>;
    if (typeof incarnation === 'string' && Number.isSafeInteger(generation)) return { incarnation, generation: generation as number };
  } catch {
    // Said below.
  }
  throw new ArchiveBroken(`${pathOf(place)} cannot be read: it must hold incarnation and generation.`);
}

/** Durable once it resolves; on the disk of an archive that is taken, also the taker's own. */
export async function writeGateNote(place: ArchivePlace, note: GateNote, disk: ArchiveDisk): Promise<void> {
  const dir = partitionDir(place);
  await disk.makeDir(dir);
  await replaceFile(disk, { dir, path: pathOf(place) }, Buffer.from(`${JSON.stringify(note)}\n`));
}
