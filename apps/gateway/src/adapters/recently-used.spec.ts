import { RecentlyUsed } from './recently-used';

describe('a map of what was used recently', () => {
  it('lets go of what was not used for the longest time', () => {
    const map = new RecentlyUsed<number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });

  it('counts weights, and gives them back', () => {
    const map = new RecentlyUsed<string>(10);
    map.set('a', 'x', 6);
    map.set('a', 'y', 4);
    map.set('b', 'z', 6);
    expect([map.get('a'), map.get('b')]).toEqual(['y', 'z']);
    map.set('c', 'w', 5);
    expect(map.size).toBe(1);
    map.set('d', 'too heavy', 11);
    expect([map.get('c'), map.get('d')]).toEqual(['w', undefined]);
    map.delete('c');
    map.set('e', 'v', 10);
    expect(map.get('e')).toBe('v');
  });
});
