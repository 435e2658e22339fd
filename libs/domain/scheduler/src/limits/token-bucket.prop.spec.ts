import * as fc from 'fast-check';
import { afterStart, type Bucket, converted, nextStartMs } from './token-bucket';

const rate = fc.record({
  tasks: fc.integer({ min: 1, max: 1_000_000 }),
  perMs: fc.integer({ min: 100, max: 30 * 24 * 3_600_000 }),
  burst: fc.integer({ min: 1, max: 1_000_000 }),
});
const slow = fc.record({
  tasks: fc.integer({ min: 1, max: 20 }),
  perMs: fc.integer({ min: 100, max: 5000 }),
  burst: fc.integer({ min: 1, max: 5 }),
});
const START_MS = 1_700_000_000_000;

describe('a token bucket', () => {
  it('never lets more start in any stretch of time than its burst and its rate', () => {
    fc.assert(
      fc.property(slow, fc.array(fc.nat(400), { minLength: 5, maxLength: 60 }), (given, pauses) => {
        let bucket: Bucket | undefined;
        let nowMs = START_MS;
        const startedAtMs: number[] = [];
        for (const pause of pauses) {
          nowMs += pause;
          while (nextStartMs(bucket, given, { nowMs, taken: 0 }) === nowMs) {
            bucket = afterStart(bucket, given, nowMs);
            startedAtMs.push(nowMs);
          }
        }
        startedAtMs.forEach((from, i) =>
          startedAtMs
            .slice(i)
            .forEach((to, j) => expect(j + 1).toBeLessThanOrEqual(given.burst + ((to - from) * given.tasks) / given.perMs)),
        );
      }),
    );
  });

  it('lets one start at the moment that it names, and not a millisecond before', () => {
    fc.assert(
      fc.property(rate, fc.nat(3), fc.nat(10_000), (given, taken, laterMs) => {
        let bucket: Bucket | undefined;
        for (let n = 0; n < Math.min(given.burst, 50); n++) bucket = afterStart(bucket, given, START_MS);
        const nowMs = START_MS + laterMs;
        const atMs = nextStartMs(bucket, given, { nowMs, taken });
        if (taken >= given.burst || atMs === nowMs) return;
        expect(nextStartMs(bucket, given, { nowMs: atMs, taken })).toBe(atMs);
        expect(nextStartMs(bucket, given, { nowMs: atMs - 1, taken })).toBe(atMs);
      }),
    );
  });

  it('keeps whole numbers that are exact, whatever the rate and the pause', () => {
    fc.assert(
      fc.property(rate, rate, fc.nat(2_000_000_000), (given, other, laterMs) => {
        const used = afterStart(undefined, given, START_MS);
        for (const { atMs, credit } of [used, afterStart(used, given, START_MS + laterMs), converted(used, given, other, START_MS)]) {
          expect(Number.isSafeInteger(credit) && Number.isSafeInteger(atMs)).toBe(true);
        }
      }),
    );
  });

  it('has no more starts left after a change of its rate than before', () => {
    fc.assert(
      fc.property(slow, slow, fc.integer({ min: 1, max: 5 }), (before, after, starts) => {
        let bucket: Bucket | undefined;
        for (let n = 0; n < Math.min(starts, before.burst); n++) bucket = afterStart(bucket, before, START_MS);
        const left = before.burst - Math.min(starts, before.burst);
        const changed = converted(bucket as Bucket, before, after, START_MS);
        expect(nextStartMs(changed, after, { nowMs: START_MS, taken: left })).toBeGreaterThan(START_MS);
      }),
    );
  });

  it('earns nothing while the clock is behind', () => {
    const given = { tasks: 1, perMs: 1000, burst: 1 };
    const used = afterStart(undefined, given, START_MS);
    expect(nextStartMs(used, given, { nowMs: START_MS - 60_000, taken: 0 })).toBe(START_MS + 1000);
    expect(afterStart(used, given, START_MS - 60_000)).toEqual({ atMs: START_MS, credit: -1000 });
  });
});
