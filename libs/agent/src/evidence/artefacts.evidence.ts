import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { ArtefactPath } from '@torch/contracts';

/** Those that are files inside of the directory, wherever links lead; in the order in which they were asked for. */
export async function artefactsThere(wanted: readonly ArtefactPath[], directory: string): Promise<ArtefactPath[]> {
  const root = await realpath(directory).catch(() => undefined);
  if (root === undefined) return [];
  const there = await Promise.all(wanted.map(({ path }) => isFileInside(path, root)));
  return wanted.filter((_artefact, i) => there[i]).map(({ path }) => ({ path }));
}

async function isFileInside(path: string, root: string): Promise<boolean> {
  if (isAbsolute(path) || path.split(/[/\\]/).includes('..')) return false;
  try {
    const real = await realpath(join(root, path));
    const inside = relative(root, real);
    return inside !== '' && inside.split(sep)[0] !== '..' && !isAbsolute(inside) && (await stat(real)).isFile();
  } catch {
    return false; // It is not there, or nobody may look at it.
  }
}
