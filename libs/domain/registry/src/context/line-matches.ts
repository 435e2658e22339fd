/** Gaps of at most so many pairs of lines are compared line by line; in a larger one only lines that occur once are matched. */
const PAIRS_MAX = 40_000;
/** How often a gap between matches is looked at anew. */
const DEPTH_MAX = 32;

interface Gap {
  readonly from: number;
  readonly to: number;
  readonly otherFrom: number;
  readonly otherTo: number;
  readonly depth: number;
}

/**
 * Which line of `other` each line of `lines` is, or -1: a common subsequence, long but not always the longest. Equal beginnings
 * and ends first, then lines that occur once on either side (patience diff), then what is left line by line. The cost grows
 * with the number of lines, not with its square.
 */
export function lineMatches(lines: readonly string[], other: readonly string[]): Int32Array {
  const matches = new Int32Array(lines.length).fill(-1);
  const gaps: Gap[] = [{ from: 0, to: lines.length, otherFrom: 0, otherTo: other.length, depth: 0 }];
  for (let gap = gaps.pop(); gap; gap = gaps.pop()) {
    const rest = withoutEqualEnds(gap, lines, other, matches);
    if (rest.from === rest.to || rest.otherFrom === rest.otherTo) continue;
    const anchors = rest.depth < DEPTH_MAX ? uniqueMatches(rest, lines, other) : [];
    if (anchors.length > 0) for (const smaller of between(anchors, rest, matches)) gaps.push(smaller);
    else if ((rest.to - rest.from) * (rest.otherTo - rest.otherFrom) <= PAIRS_MAX) matchEach(rest, lines, other, matches);
  }
  return matches;
}

function withoutEqualEnds(gap: Gap, lines: readonly string[], other: readonly string[], matches: Int32Array): Gap {
  let { from, to, otherFrom, otherTo } = gap;
  while (from < to && otherFrom < otherTo && lines[from] === other[otherFrom]) matches[from++] = otherFrom++;
  while (from < to && otherFrom < otherTo && lines[to - 1] === other[otherTo - 1]) matches[--to] = --otherTo;
  return { from, to, otherFrom, otherTo, depth: gap.depth };
}

type Pair = readonly [line: number, other: number];

/** Lines that occur once in the gap on either side: the longest run of them that is in the same order on both. */
function uniqueMatches(gap: Gap, lines: readonly string[], other: readonly string[]): readonly Pair[] {
  const there = places(other, gap.otherFrom, gap.otherTo);
  const here = places(lines, gap.from, gap.to);
  const pairs: Pair[] = [];
  for (const [line, at] of here) {
    const otherAt = there.get(line) ?? -1;
    if (at >= 0 && otherAt >= 0) pairs.push([at, otherAt]);
  }
  return longestRise(pairs.sort(([a], [b]) => a - b));
}

/** Where each line is, or -1 when it is there more than once. */
function places(lines: readonly string[], from: number, to: number): Map<string, number> {
  const found = new Map<string, number>();
  for (let i = from; i < to; i++) found.set(lines[i]!, found.has(lines[i]!) ? -1 : i);
  return found;
}

/** The longest subsequence whose second places rise, by patience sorting. */
function longestRise(pairs: readonly Pair[]): readonly Pair[] {
  const piles: number[] = [];
  const before: number[] = [];
  pairs.forEach(([, place], i) => {
    let [low, high] = [0, piles.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[piles[middle]!]![1] < place) low = middle + 1;
      else high = middle;
    }
    before[i] = low > 0 ? piles[low - 1]! : -1;
    piles[low] = i;
  });
  const rise: Pair[] = [];
  for (let i = piles.at(-1) ?? -1; i >= 0; i = before[i]!) rise.push(pairs[i]!);
  return rise.reverse();
}

function* between(anchors: readonly Pair[], gap: Gap, matches: Int32Array): Generator<Gap> {
  let [from, otherFrom] = [gap.from, gap.otherFrom];
  for (const [to, otherTo] of [...anchors, [gap.to, gap.otherTo] as const]) {
    yield { from, to, otherFrom, otherTo, depth: gap.depth + 1 };
    if (to < gap.to) matches[to] = otherTo;
    [from, otherFrom] = [to + 1, otherTo + 1];
  }
}

/** The longest common subsequence, by the table of its lengths. */
function matchEach(gap: Gap, lines: readonly string[], other: readonly string[], matches: Int32Array): void {
  const [rows, columns] = [gap.to - gap.from, gap.otherTo - gap.otherFrom];
  const width = columns + 1;
  const longest = new Uint16Array((rows + 1) * width);
  const equal = (row: number, column: number): boolean => lines[gap.from + row] === other[gap.otherFrom + column];
  for (let row = rows - 1; row >= 0; row--)
    for (let column = columns - 1; column >= 0; column--)
      longest[row * width + column] = equal(row, column)
        ? longest[(row + 1) * width + column + 1]! + 1
        : Math.max(longest[(row + 1) * width + column]!, longest[row * width + column + 1]!);
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (equal(row, column)) matches[gap.from + row++] = gap.otherFrom + column++;
    else if (longest[(row + 1) * width + column]! >= longest[row * width + column + 1]!) row++;
    else column++;
  }
}
