import { WindowCounts } from './window-counts.adapter';

describe('requests in a window', () => {
  it('are blocked beyond the limit until the window ends', async () => {
    let now = 0;
    const counts = new WindowCounts(10, () => now);
    expect(await counts.increment('a', 1000, 2)).toMatchObject({ totalHits: 1, isBlocked: false });
    expect(await counts.increment('a', 1000, 2)).toMatchObject({ totalHits: 2, isBlocked: false });
    expect(await counts.increment('a', 1000, 2)).toMatchObject({ totalHits: 3, isBlocked: true, timeToBlockExpire: 1 });
    expect(await counts.increment('b', 1000, 2)).toMatchObject({ totalHits: 1, isBlocked: false });
    now = 1000;
    expect(await counts.increment('a', 1000, 2)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('are counted for a limited number of callers, those of ended windows going first', async () => {
    let now = 0;
    const counts = new WindowCounts(2, () => now);
    await counts.increment('a', 1000, 1);
    now = 500;
    await counts.increment('b', 1000, 1);
    now = 1200;
    await counts.increment('c', 1000, 1);
    expect(counts.size).toBe(2);
    expect(await counts.increment('b', 1000, 1)).toMatchObject({ isBlocked: true });
    await counts.increment('d', 1000, 1);
    expect(counts.size).toBe(2);
  });
});
