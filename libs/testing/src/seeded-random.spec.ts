import { SeededRandom } from './seeded-random';

describe('random choices from a seed', () => {
  it('are the same for the same seed, and others for another', () => {
    const draw = (seed: number) =>
      Array.from(
        { length: 20 },
        (
          (random) => () =>
            random.int(1, 1000)
        )(new SeededRandom(seed)),
      );
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('cover their range and nothing else', () => {
    const random = new SeededRandom(1);
    const counts = new Map<number, number>();
    for (let n = 0; n < 10_000; n++) counts.set(random.int(-2, 2), (counts.get(random.int(-2, 2)) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });

  it('keep what they shuffle, and pick only what is there', () => {
    const random = new SeededRandom(3);
    const list = Array.from({ length: 50 }, (_, n) => n);
    const shuffled = random.shuffle(list);
    expect(shuffled).not.toEqual(list);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(list);
    expect(list).toContain(random.pick(list));
    expect(() => random.pick([])).toThrow(RangeError);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  });
});
