import type { ContextClash } from '@torch/contracts';
import { lineMatches } from './line-matches';

/** Clashes that are told apart. With more, the whole texts are one clash. */
export const CLASHES_MAX = 1000;

export interface ThreeTexts {
  readonly base: string;
  readonly theirs: string;
  readonly yours: string;
}

export interface Merge {
  /** No clashes: `merged` is what both meant. */
  readonly clean: boolean;
  /** Both changes together; where they touch the same lines, all three between markers as `git merge` writes them. */
  readonly merged: string;
  readonly clashes: readonly ContextClash[];
}

/**
 * Both changes of one text together, line by line (diff3: Khanna, Kunal, Pierce, "A Formal Investigation of Diff3", 2007). Lines
 * that only one side has changed are taken from that side; lines that both have changed alike are taken once; the rest clashes.
 */
export function threeWayMerge({ base, theirs, yours }: ThreeTexts): Merge {
  if (theirs === base || theirs === yours) return { clean: true, merged: yours, clashes: [] };
  if (yours === base) return { clean: true, merged: theirs, clashes: [] };
  const merged: string[] = [];
  const clashes: ContextClash[] = [];
  for (const stretch of stretches(base.split('\n'), theirs.split('\n'), yours.split('\n'))) {
    const agreed = agreedLines(stretch);
    if (agreed) {
      for (const line of agreed) merged.push(line);
      continue;
    }
    const clash = { base: stretch.base.join('\n'), theirs: stretch.theirs.join('\n'), yours: stretch.yours.join('\n') };
    if (clashes.push(clash) > CLASHES_MAX) return oneClash({ base, theirs, yours });
    for (const line of marked(stretch)) merged.push(line);
  }
  return { clean: clashes.length === 0, merged: merged.join('\n'), clashes };
}

interface Stretch {
  readonly base: readonly string[];
  readonly theirs: readonly string[];
  readonly yours: readonly string[];
}

/** Cuts the three texts where a line is the same in all of them, and where it ceases to be. */
function* stretches(base: readonly string[], theirs: readonly string[], yours: readonly string[]): Generator<Stretch> {
  const [inTheirs, inYours] = [lineMatches(base, theirs), lineMatches(base, yours)];
  let [from, theirsFrom, yoursFrom] = [0, 0, 0];
  for (let line = 0; line <= base.length; line++) {
    const [theirsAt, yoursAt] = line === base.length ? [theirs.length, yours.length] : [inTheirs[line]!, inYours[line]!];
    if (theirsAt < 0 || yoursAt < 0) continue;
    yield {
      base: base.slice(from, line),
      theirs: theirs.slice(theirsFrom, theirsAt),
      yours: yours.slice(yoursFrom, yoursAt),
    };
    if (line < base.length) yield { base: [base[line]!], theirs: [base[line]!], yours: [base[line]!] };
    [from, theirsFrom, yoursFrom] = [line + 1, theirsAt + 1, yoursAt + 1];
  }
}

function agreedLines({ base, theirs, yours }: Stretch): readonly string[] | undefined {
  if (sameLines(theirs, base) || sameLines(theirs, yours)) return yours;
  return sameLines(yours, base) ? theirs : undefined;
}

const sameLines = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((line, i) => line === b[i]);

const marked = ({ base, theirs, yours }: Stretch): readonly string[] => [
  '<<<<<<< theirs',
  ...theirs,
  '||||||| base',
  ...base,
  '=======',
  ...yours,
  '>>>>>>> yours',
];

function oneClash(texts: ThreeTexts): Merge {
  const { base, theirs, yours } = texts;
  const merged = marked({ base: [base], theirs: [theirs], yours: [yours] }).join('\n');
  return { clean: false, merged, clashes: [texts] };
}
