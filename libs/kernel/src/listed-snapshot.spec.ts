import { canonicalJson } from './canonical-json';
import { listedSnapshot, PART_CHARS_MAX } from './listed-snapshot';

interface Shelf {
  readonly books: Map<string, string>;
  readonly lent: string[];
}

/** Which books there are, in no order, and which were lent, in theirs. */
const format = listedSnapshot<Shelf, { books: readonly [name: string, text: string]; lent: string }>({
  version: 1,
  lists: ({ books, lent }) => ({ books, lent }),
  sortedBy: { books: ([name]) => name },
  decoder: () => {
    const shelf: Shelf = { books: new Map(), lent: [] };
    return { take: { books: ([name, text]) => shelf.books.set(name, text), lent: (name) => shelf.lent.push(name) }, finish: () => shelf };
  },
});

const shelf = (books: readonly (readonly [string, string])[], lent: readonly string[] = []): Shelf => ({
  books: new Map(books),
  lent: [...lent],
});
const numbered = (count: number, chars: number) => Array.from({ length: count }, (_, n) => [`${n}`, 'x'.repeat(chars)] as const);
const partsOf = (state: Shelf): string[] => [...(format.parts?.encode(state) ?? [])].map((part) => JSON.stringify(part));

function restored(parts: readonly string[]): Shelf | undefined {
  const decoder = format.parts?.decoder();
  for (const part of parts) decoder?.take(JSON.parse(part));
  return decoder?.finish();
}

describe('a state that is kept as lists', () => {
  it('comes in parts of a limited size, whichever list is long', () => {
    const state = shelf(
      numbered(40, PART_CHARS_MAX / 10),
      numbered(40, 0).map(([name]) => name.padEnd(PART_CHARS_MAX / 10)),
    );
    const parts = partsOf(state);
    expect(parts.length).toBeGreaterThan(8);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(PART_CHARS_MAX + 100);
    expect(restored(parts)).toEqual(state);
  });

  it('has one part when it is small, and when it is empty', () => {
    expect(partsOf(shelf([['a', 'text']], ['a']))).toEqual(['{"books":[["a","text"]],"lent":["a"]}']);
    expect(partsOf(shelf([]))).toEqual(['{}']);
    expect(restored(['{}'])).toEqual(shelf([]));
  });

  it('keeps a record that is longer than a part in one of its own', () => {
    const state = shelf([
      ['a', ''],
      ['b', 'x'.repeat(2 * PART_CHARS_MAX)],
      ['c', ''],
    ]);
    expect(partsOf(state)).toHaveLength(3);
    expect(restored(partsOf(state))).toEqual(state);
  });

  it('comes back in the order in which it was, and looks the same as an equal one whatever that order', () => {
    const [one, other] = [shelf([...numbered(3, 1)], ['b', 'a']), shelf([...numbered(3, 1)].reverse(), ['b', 'a'])];
    expect([...(restored(partsOf(other))?.books.keys() ?? [])]).toEqual(['2', '1', '0']);
    expect(canonicalJson(format.encode(one))).toBe(canonicalJson(format.encode(other)));
    expect(canonicalJson(format.encode(shelf([...numbered(3, 1)], ['a', 'b'])))).not.toBe(canonicalJson(format.encode(one)));
    expect(format.decode(JSON.parse(canonicalJson(format.encode(other))))).toEqual(one);
  });
});
