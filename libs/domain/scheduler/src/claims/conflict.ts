import type { PathClaim } from '@torch/contracts';
import { Rejection } from '@torch/kernel';
import type { Held, Wanted } from './claim-index';
import { globOf, globProblem } from './path-glob';

/** @throws Rejection `invalid-claim` that says what is wrong with which path. */
export function refuseUnclearPath(path: string, of: string): void {
  const problem = globProblem(path);
  if (problem !== undefined) throw new Rejection('invalid-claim', `${of} claims "${path}", which is no path: ${problem}.`);
}

/** A cache: the paths of a task are read once, however often they are asked about. */
const read = new WeakMap<readonly PathClaim[], readonly Wanted[]>();

export function wantedBy(paths: readonly PathClaim[]): readonly Wanted[] {
  let wanted = read.get(paths);
  if (!wanted) {
    wanted = paths.map(({ path, mode }) => ({ glob: globOf(path), mode }));
    read.set(paths, wanted);
  }
  return wanted;
}

/** The order in which paths are claimed makes no difference. */
export const pathsKey = (paths: readonly PathClaim[]): string => JSON.stringify(paths.map(({ path, mode }) => `${mode} ${path}`).sort());

export interface Conflict {
  readonly wanted: Wanted;
  readonly held: Held;
}

/** For the first path that cannot be had, who holds it: of several, the first by its key, so that everybody names the same. */
export function firstConflict(
  wanted: readonly Wanted[],
  { of, except }: { of: { conflicts(wanted: Wanted): Iterable<Held> }; except?: (held: Held) => boolean },
): Conflict | undefined {
  for (const one of wanted) {
    let first: Held | undefined;
    for (const held of of.conflicts(one)) if (!except?.(held) && (!first || isBefore(held, first))) first = held;
    if (first) return { wanted: one, held: first };
  }
  return undefined;
}

export const isBefore = (a: Held, b: Held): boolean => (a.key === b.key ? a.path < b.path : a.key < b.key);
