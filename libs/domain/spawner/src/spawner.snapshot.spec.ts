import { PART_CHARS_MAX } from '@torch/kernel';
import { defined, demand, requested, spawner } from './history.fixture';

const many = <T>(count: number, of: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => of(n));

describe("the spawner's snapshot", () => {
  it('comes in parts of a limited size, however much its pools and its demand say', () => {
    const pools = many(100, (n) => defined(`p${n}`, { run: 'x'.repeat(10_000) }));
    const kinds = many(10_000, (n) => demand(1, { role: `role-${n}` }));
    const { run } = spawner(...pools, requested('a1', 'p1'), ...kinds);
    const parts = run.parts();
    expect(parts.length).toBeGreaterThanOrEqual(5);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(PART_CHARS_MAX + 100);
    const before = run.digest();
    expect(run.restart().digest()).toBe(before);
  });

  it('is the same for the same pools, whichever was defined first', () => {
    expect(spawner(defined('a'), defined('b')).run.digest()).toBe(spawner(defined('b'), defined('a')).run.digest());
  });
});
