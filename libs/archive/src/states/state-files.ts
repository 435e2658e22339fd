import { join } from 'node:path';
import { type ArchiveDisk, readWhole } from '../archive-disk';
import { type ArchivePlace, partitionDir } from '../archive.layout';
import { sha256 } from '../hashing';
import { isStateFile } from './archived-states';
import { STATES_NOTE } from './states.note';

export interface StateFile {
  readonly name: string;
  readonly body: Buffer;
}

/** All files of a partition's archived states, to be kept elsewhere too; the note last, which speaks of the others. */
export async function* stateFiles(place: ArchivePlace, disk: ArchiveDisk): AsyncGenerator<StateFile, void, void> {
  const dir = partitionDir(place);
  const names = (await disk.list(dir)).filter(isStateFile).sort();
  for (const name of [...names, STATES_NOTE]) {
    const body = await readWhole(disk, join(dir, name));
    if (body) yield { name, body };
  }
}

/** Tells one set of states from another. */
export async function stampOfStates(place: ArchivePlace, disk: ArchiveDisk): Promise<string> {
  const stamps: string[] = [];
  for await (const { name, body } of stateFiles(place, disk)) stamps.push(`${name} ${sha256(body)}`);
  return stamps.join('\n');
}
