import * as fc from 'fast-check';
import { globOf, globProblem, overlap } from './path-glob';

/** What a glob matches, said by other means: a regular expression. */
function expressionOf(glob: string): RegExp {
  const parts = glob
    .split('/')
    .map((part) => (part === '**' ? '(?:[^/]+/)*' : `${part.replaceAll('?', '[^/]').replaceAll('*', '[^/]*')}/`));
  return new RegExp(`^${parts.join('')}$`);
}

/** The first of the paths that both globs match, found one by one. */
function commonAmong(paths: readonly string[], a: string, b: string): string | undefined {
  const [first, second] = [expressionOf(a), expressionOf(b)];
  return paths.find((path) => first.test(`${path}/`) && second.test(`${path}/`));
}

const words = (alphabet: readonly string[], lengthMax: number): string[] =>
  Array.from({ length: lengthMax }, (_, i) => i + 1).flatMap((length) =>
    Array.from({ length }).reduce<string[]>((found) => found.flatMap((word) => alphabet.map((letter) => word + letter)), ['']),
  );
function pathsOf(segments: readonly string[], depthMax: number): string[] {
  let deepest = [...segments];
  const all = [...deepest];
  for (let depth = 2; depth <= depthMax; depth++) {
    deepest = deepest.flatMap((path) => segments.map((segment) => `${path}/${segment}`));
    all.push(...deepest);
  }
  return all;
}

/** Long enough: two globs of up to three parts with a path in common have one of up to four parts, each of up to two letters. */
const PATHS = pathsOf(words(['a', 'b'], 2), 4);
/** Two names of up to four characters with a word in common have one of no more letters than both together, a star of each left out. */
const NAMES = words(['a', 'b', 'c'], 6);

const part = fc.constantFrom('a', 'b', 'ab', '*', '?', 'a*', '*b', '?b', '**', '**');
const glob = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const name = fc
  .array(fc.constantFrom('a', 'b', '?', '*'), { minLength: 1, maxLength: 4 })
  .map((letters) => letters.join('').replaceAll(/\*+/g, '*'));

const overlapping = (a: string, b: string): boolean => overlap(globOf(`repo:${a}`), globOf(`repo:${b}`));

describe('the overlap of two globs', () => {
  it('is what enumeration finds, for paths', () => {
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        expect([a, b, overlapping(a, b)]).toEqual([a, b, commonAmong(PATHS, a, b) !== undefined]);
      }),
      { numRuns: 300 },
    );
  });

  it('is what enumeration finds, for names', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect([a, b, overlapping(a, b)]).toEqual([a, b, commonAmong(NAMES, a, b) !== undefined]);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same either way, and with itself', () => {
    fc.assert(fc.property(glob, glob, (a, b) => overlapping(a, b) === overlapping(b, a) && overlapping(a, a)));
  });

  it('takes no time to speak of for the longest that a claim can have', () => {
    const longest = (letter: string): string => `${'*a'.repeat(250)}${letter}`;
    expect(overlapping(longest('b'), longest('c'))).toBe(false);
    const deepest = Array.from({ length: 125 }, () => '**/a').join('/');
    expect(overlapping(deepest, `${deepest}/b`)).toBe(false);
  });
});

describe('a glob', () => {
  it.each([
    ['src/auth/**', 'src/auth', true],
    ['src/auth/**', 'src/authentication/a.ts', false],
    ['src/**/a.ts', 'src/a.ts', true],
    ['src/*', 'src/auth/a.ts', false],
    ['**', 'src/a.ts', true],
    ['*.ts', 'a.js', false],
    ['a?c', 'a😀c', true],
    ['A', 'a', false],
  ])('%s and %s: %s', (a, b, expected) => expect(overlapping(a, b)).toBe(expected));

  it('of another space never overlaps', () => expect(overlap(globOf('repo:**'), globOf('docs:**'))).toBe(false));

  it.each([
    ['src/auth', /space and a colon/],
    [':src', /space and a colon/],
    ['re po:src', /space and a colon/],
    ['repo:', /no path/],
    ['repo:/src', /empty/],
    ['repo:src/', /empty/],
    ['repo:src//a', /empty/],
    ['repo:src/../a', /second name/],
    ['repo:src/a**', /alone/],
  ])('%s has a problem', (text, problem) => expect(globProblem(text)).toMatch(problem));

  it.each(['repo:**', 'repo:a/b c/d:e.ts', 'r.2-x_y:*/?'])('%s has none', (text) => expect(globProblem(text)).toBeUndefined());
});
