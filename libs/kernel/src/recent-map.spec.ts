import fc from 'fast-check';
import { RecentMap } from './recent-map';

interface Kept {
  readonly key: number;
  readonly value: { readonly text: string; readonly round: number };
}

const weightOf = (_: number, { text }: Kept['value']): number => text.length;
const totalOf = (kept: readonly Kept[]): number => kept.reduce((sum, { value }) => sum + value.text.length, 0);

describe('a recent map', () => {
  it('holds the keys that were set last with their last values, up to its weight, the oldest first', () => {
    const sets = fc.array(fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 5 })), { maxLength: 400 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), sets, fc.nat({ max: 50 }), (weightMax, rounds, keptRounds) => {
        const recent = new RecentMap<number, Kept['value']>(weightMax, weightOf);
        let expected: Kept[] = [];
        rounds.forEach(([key, length], round) => {
          const value = { text: 'x'.repeat(length), round };
          recent.set(key, value);
          expected = [...expected.filter((one) => one.key !== key), { key, value }];
          while (totalOf(expected) > weightMax) expected.shift();
          recent.forgetWhile((one) => one.round < round - keptRounds);
          while (expected[0] && expected[0].value.round < round - keptRounds) expected.shift();
          expect(recent.weight).toBe(totalOf(expected));
        });
        expect([...recent.entries()]).toEqual(expected.map((one) => [one.key, one.value]));
        expect(recent.size).toBe(expected.length);
        for (let key = 0; key <= 12; key++) expect(recent.get(key)).toBe(expected.find((one) => one.key === key)?.value);
      }),
      { numRuns: 300 },
    );
  });
});
