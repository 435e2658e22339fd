import fc from 'fast-check';
import { RecentMap } from './recent-map';

describe('a recent map', () => {
  it('holds the newest keys with their last values, the oldest key first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), fc.array(fc.nat({ max: 12 }), { maxLength: 60 }), (max, keys) => {
        const recent = new RecentMap<number, string>(max);
        const expected: { key: number; value: string }[] = [];
        keys.forEach((key, i) => {
          const value = `${key} of ${i}`;
          recent.set(key, value);
          const known = expected.find((one) => one.key === key);
          if (known) known.value = value;
          else expected.push({ key, value });
          if (expected.length > max) expected.shift();
        });
        expect([...recent.values()]).toEqual(expected.map(({ value }) => value));
        for (let key = 0; key <= 12; key++) expect(recent.get(key)).toBe(expected.find((one) => one.key === key)?.value);
      }),
      { numRuns: 300 },
    );
  });
});
