import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SpawnFolder, writeWhole } from '@torch/agent';

const noteFile = ({ path }: SpawnFolder): string => join(path, 'project');

/** Whose agent it is: for telling, without the log, which owner has to know it. */
export const noteProject = (folder: SpawnFolder, project: string): void => writeWhole(noteFile(folder), project);

export function notedProject(folder: SpawnFolder): string | undefined {
  try {
    return readFileSync(noteFile(folder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
