import fc from 'fast-check';
import { lineMatches } from './line-matches';
import { CLASHES_MAX, threeWayMerge } from './three-way-merge';

/** Few different lines, so that they repeat; or many, so that most occur once. */
const line = fc.oneof(fc.constantFrom('', 'a', 'b', '}'), fc.nat(1000).map(String));
const lines = fc.array(line, { maxLength: 40 });
const text = lines.map((lines) => lines.join('\n'));

/** A change of a text at some of its lines. */
const edits = fc.array(fc.record({ at: fc.nat(39), away: fc.nat(3), instead: fc.array(line, { maxLength: 3 }) }), { maxLength: 4 });
type Edit = { at: number; away: number; instead: string[] };
const edited = (base: readonly string[], edits: readonly Edit[]): string =>
  edits.reduce((lines, { at, away, instead }) => lines.toSpliced(Math.min(at, lines.length), away, ...instead), [...base]).join('\n');
const three = fc.record({ base: lines, theirs: edits, yours: edits }).map(({ base, theirs, yours }) => ({
  base: base.join('\n'),
  theirs: edited(base, theirs),
  yours: edited(base, yours),
}));

describe('a merge of three texts', () => {
  it('is theirs when you changed nothing, yours when they changed nothing, and either when both changed it alike', () => {
    fc.assert(
      fc.property(text, text, (base, a) => {
        const clean = { clean: true, merged: a, clashes: [] };
        expect(threeWayMerge({ base, theirs: a, yours: base })).toEqual(clean);
        expect(threeWayMerge({ base, theirs: base, yours: a })).toEqual(clean);
        expect(threeWayMerge({ base, theirs: a, yours: a })).toEqual(clean);
      }),
    );
  });

  it('has both changes when they are apart by a line that occurs once', () => {
    fc.assert(
      fc.property(lines, lines, lines, lines, (above, below, theirs, yours) => {
        const base = [...above, '— a line that all three have —', ...below];
        const merge = threeWayMerge({
          base: base.join('\n'),
          theirs: base.toSpliced(0, above.length, ...theirs).join('\n'),
          yours: base.toSpliced(above.length + 1, below.length, ...yours).join('\n'),
        });
        expect(merge).toEqual({ clean: true, merged: [...theirs, '— a line that all three have —', ...yours].join('\n'), clashes: [] });
      }),
    );
  });

  it('has every line that either has added, whether it is clean or not', () => {
    fc.assert(
      fc.property(three, ({ base, theirs, yours }) => {
        const merged = new Set(threeWayMerge({ base, theirs, yours }).merged.split('\n'));
        const known = new Set(base.split('\n'));
        for (const added of [...theirs.split('\n'), ...yours.split('\n')]) if (!known.has(added)) expect(merged).toContain(added);
      }),
    );
  });

  it('names what clashes: all three sides of it, each a part of its text, and differing from one another', () => {
    fc.assert(
      fc.property(three, (texts) => {
        const { clean, merged, clashes } = threeWayMerge(texts);
        expect(clean).toBe(clashes.length === 0);
        for (const clash of clashes) {
          expect(new Set([clash.base, clash.theirs, clash.yours]).size).toBeGreaterThan(1);
          expect(clash.theirs === clash.yours && clash.theirs !== '').toBe(false);
          for (const side of ['base', 'theirs', 'yours'] as const) expect(`\n${texts[side]}\n`).toContain(clash[side]);
        }
        expect(merged.split('\n').filter((line) => line === '<<<<<<< theirs')).toHaveLength(clashes.length);
      }),
    );
  });

  it('comes to the same, with the sides exchanged, for whoever was first', () => {
    fc.assert(
      fc.property(three, ({ base, theirs, yours }) => {
        const [one, other] = [threeWayMerge({ base, theirs, yours }), threeWayMerge({ base, theirs: yours, yours: theirs })];
        expect(other.clashes).toEqual(one.clashes.map(({ base, theirs, yours }) => ({ base, theirs: yours, yours: theirs })));
        if (one.clean) expect(other.merged).toBe(one.merged);
      }),
    );
  });

  it('tells clashes apart up to a limit; with more the whole texts are one', () => {
    const alternating = (clashes: number, mark: string) => Array.from({ length: clashes }, (_, i) => `${mark}${i}\nsame ${i}`).join('\n');
    const merge = (clashes: number) =>
      threeWayMerge({ base: alternating(clashes, 'b'), theirs: alternating(clashes, 't'), yours: alternating(clashes, 'y') });
    expect(merge(CLASHES_MAX).clashes).toHaveLength(CLASHES_MAX);
    expect(merge(CLASHES_MAX + 1).clashes).toEqual([
      { base: alternating(CLASHES_MAX + 1, 'b'), theirs: alternating(CLASHES_MAX + 1, 't'), yours: alternating(CLASHES_MAX + 1, 'y') },
    ]);
  });
});

describe('the lines that two texts have in common', () => {
  it('are equal, and in the same order on both sides', () => {
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        let last = -1;
        lineMatches(a, b).forEach((match, i) => {
          if (match < 0) return;
          expect(b[match]).toBe(a[i]);
          expect(match).toBeGreaterThan(last);
          last = match;
        });
      }),
    );
  });

  it('are all that can be found in short texts of lines that repeat', () => {
    const few = fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 });
    const longest = (a: readonly string[], b: readonly string[]): number => {
      if (a.length === 0 || b.length === 0) return 0;
      if (a[0] === b[0]) return 1 + longest(a.slice(1), b.slice(1));
      return Math.max(longest(a.slice(1), b), longest(a, b.slice(1)));
    };
    const repeated = few.map((lines) => [...lines, ...lines]); // No line occurs once: nothing is matched before the table is.
    fc.assert(
      fc.property(repeated, repeated, (a, b) => expect(lineMatches(a, b).filter((match) => match >= 0)).toHaveLength(longest(a, b))),
    );
  });

  it('are found in the largest documents without a comparison of every line with every other', () => {
    const many = Array.from({ length: 60_000 }, (_, i) => (i % 2 ? '' : String(i % 300)));
    const changed = many.toSpliced(100, 50, 'x').toSpliced(40_000, 0, 'y', 'z');
    const matched = lineMatches(many, changed).filter((match) => match >= 0).length;
    expect(matched).toBeGreaterThan(20_000);
  });
});
