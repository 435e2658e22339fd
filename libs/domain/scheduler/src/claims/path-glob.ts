/** One part of a path between two slashes. */
interface Segment {
  readonly text: string;
  /** `**`: any number of whole segments, none included. */
  readonly isDeep: boolean;
  readonly isWild: boolean;
}

/** `repo:src/auth/**`, read. */
export interface PathGlob {
  readonly text: string;
  readonly space: string;
  readonly segments: readonly Segment[];
  /** Segments before the first with a wildcard. */
  readonly literals: number;
}

const SPACE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const LIKE = 'such as repo:src/auth/**';

/** What is wrong with a claim's path, as the end of a sentence; undefined when nothing is. */
export function globProblem(text: string): string | undefined {
  const colon = text.indexOf(':');
  if (colon < 0 || !SPACE.test(text.slice(0, colon))) return `it has to begin with the name of a space and a colon, ${LIKE}`;
  const path = text.slice(colon + 1);
  if (path === '') return `there is no path behind the colon; ${text}** is all of the space`;
  for (const segment of path.split('/')) {
    if (segment === '') return 'a part of it is empty: leave out slashes at the beginning, at the end, and doubled ones';
    if (segment === '.' || segment === '..') return `"${segment}" gives a path a second name: write it out`;
    if (segment !== '**' && segment.includes('**')) return '"**" has to stand alone between two slashes';
  }
  return undefined;
}

/** Of a text without a problem. */
export function globOf(text: string): PathGlob {
  const colon = text.indexOf(':');
  const segments = text
    .slice(colon + 1)
    .split('/')
    .map((part) => ({ text: part, isDeep: part === '**', isWild: /[*?]/.test(part) }));
  const firstWild = segments.findIndex(({ isWild }) => isWild);
  return { text, space: text.slice(0, colon), segments, literals: firstWild < 0 ? segments.length : firstWild };
}

/** Whether there is a path that both match. Exact: nothing is taken for an overlap that is none. */
export function overlap(a: PathGlob, b: PathGlob): boolean {
  return a.space === b.space && haveCommon(a.segments, b.segments, { isStar: ({ isDeep }) => isDeep, agree: segmentsOverlap });
}

function segmentsOverlap(a: Segment, b: Segment): boolean {
  if (!a.isWild && !b.isWild) return a.text === b.text;
  return haveCommon([...a.text], [...b.text], {
    isStar: (char) => char === '*',
    agree: (x, y) => x === y || x === '?' || y === '?',
  });
}

interface Alphabet<Item> {
  /** Matches any number of items, none included. */
  readonly isStar: (item: Item) => boolean;
  /** Whether two items that are no star match something in common. */
  readonly agree: (a: Item, b: Item) => boolean;
}

/**
 * Whether two patterns match a text in common: the product of their automata, from the end. O(length × length), whatever the number of
 * stars.
 */
function haveCommon<Item>(a: readonly Item[], b: readonly Item[], { isStar, agree }: Alphabet<Item>): boolean {
  let below: boolean[] = [];
  for (let i = a.length; i >= 0; i--) {
    const row: boolean[] = [];
    for (let j = b.length; j >= 0; j--) {
      const x = a[i];
      const y = b[j];
      if (x === undefined && y === undefined) row[j] = true;
      else if (x !== undefined && isStar(x)) row[j] = (below[j] as boolean) || (y !== undefined && (row[j + 1] as boolean));
      else if (y !== undefined && isStar(y)) row[j] = (row[j + 1] as boolean) || (x !== undefined && (below[j] as boolean));
      else row[j] = x !== undefined && y !== undefined && (below[j + 1] as boolean) && agree(x, y);
    }
    below = row;
  }
  return below[0] as boolean;
}
