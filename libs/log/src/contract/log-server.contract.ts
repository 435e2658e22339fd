import { EntryTooLarge } from '../log.errors';
import { PARTITIONS_MAX } from '../partition';
import type { Checks } from './subject';
import { PARTITION } from './writers';

export const logServerChecks: Checks = {
  'the partition count is fixed by whoever comes first': async ({ connect }) => {
    const counts = await Promise.all([8, 4, 16].map(async (count) => (await connect()).partitions(count)));
    expect(new Set(counts).size).toBe(1);
    expect([8, 4, 16]).toContain(counts[0]);
    expect(await (await connect()).partitions(2)).toBe(counts[0]);
  },

  'a partition count that no log can have is refused': async ({ connect }) => {
    const server = await connect();
    for (const count of [0, -1, 1.5, Number.NaN, PARTITIONS_MAX + 1]) await expect(server.partitions(count)).rejects.toThrow(RangeError);
    expect(await server.partitions(PARTITIONS_MAX)).toBe(PARTITIONS_MAX);
  },

  'a cache keeps the last value of each name on each partition': async ({ connect }) => {
    const { caches } = await connect();
    expect(await caches.get(PARTITION, 'snapshot')).toBeUndefined();
    await caches.set(PARTITION, 'snapshot', 'old');
    await caches.set(PARTITION, 'snapshot', 'new ü');
    expect(await (await connect()).caches.get(PARTITION, 'snapshot')).toBe('new ü');
    expect(await caches.get(PARTITION, 'other')).toBeUndefined();
    expect(await caches.get(PARTITION + 1, 'snapshot')).toBeUndefined();
  },

  'a cache refuses what is larger than it says': async ({ connect }) => {
    const { caches } = await connect();
    await caches.set(PARTITION, 'snapshot', 'fits');
    await expect(caches.set(PARTITION, 'snapshot', 'x'.repeat(caches.bytesMax + 1))).rejects.toThrow(EntryTooLarge);
    expect(await caches.get(PARTITION, 'snapshot')).toBe('fits');
  },

  'all clients are told one time, which goes on': async ({ connect }) => {
    const [one, other] = [await connect(), await connect()];
    const times = [await one.timeMs(), await other.timeMs(), await one.timeMs()];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Number.isInteger(times[0])).toBe(true);
  },

  'a log server that answers is there': async ({ connect }) => {
    expect(await (await connect()).ping()).toBe(true);
  },
};
