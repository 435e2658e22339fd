import { ceilingFigure, floorFigure, median, percentile, rateFigure, timeFigure } from './figure';

describe('figures', () => {
  it('takes the middle value, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
  });

  it('takes percentiles by the nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(percentile(values, 50)).toBe(50);
    expect(percentile(values, 99)).toBe(99);
    expect(percentile([7], 99)).toBe(7);
  });

  it('misses the bar when the ratio does', () => {
    const rates = { name: 'n', unit: 'u', peer: 'p', torch: [100, 300, 200], peers: [150, 150, 150] };
    expect(rateFigure({ ...rates, atLeast: 1.3 })).toMatchObject({ value: 200, ratio: 200 / 150, ok: true });
    expect(rateFigure({ ...rates, atLeast: 1.5 }).ok).toBe(false);
    expect(timeFigure({ name: 'n', values: [3, 9, 6], atMostMs: 5 }).ok).toBe(false);
    expect(timeFigure({ name: 'n', values: [3, 9, 5], atMostMs: 5 }).ok).toBe(true);
  });

  it('misses its own bar where there is no peer, and none where there is no bar', () => {
    const level = { name: 'n', unit: 'u', values: [1, 9, 5] };
    expect([floorFigure({ ...level, atLeast: 5 }).ok, floorFigure({ ...level, atLeast: 6 }).ok, floorFigure(level).ok]).toEqual([
      true,
      false,
      true,
    ]);
    expect([ceilingFigure({ ...level, atMost: 5 }).ok, ceilingFigure({ ...level, atMost: 4 }).ok, ceilingFigure(level).ok]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
