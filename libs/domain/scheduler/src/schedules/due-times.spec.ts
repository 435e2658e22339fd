import { MISSED_RUNS_MAX, type MissedPolicy } from '@torch/contracts';
import fc from 'fast-check';
import { type Firing, firingAt, LATE_MS_MAX, MISSED_COUNTED_MAX } from './due-times';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Due at every full hour since the epoch. */
const hourly = (missed: MissedPolicy, sinceHour = 10) => ({ cron: '@hourly', timeZone: 'UTC', missed, nextAtMs: sinceHour * HOUR });

/** Everything that is decided at `nowMs`, one firing after the other, until nothing is due. */
function firings(overdue: ReturnType<typeof hourly>, nowMs: number): Firing[] {
  const all: Firing[] = [];
  for (let nextAtMs: number | undefined = overdue.nextAtMs; nextAtMs !== undefined && nextAtMs <= nowMs;) {
    const firing = firingAt({ ...overdue, nextAtMs }, nowMs);
    all.push(firing);
    nextAtMs = firing.nextAtMs;
  }
  return all;
}

describe('a time that has just come', () => {
  it.each<MissedPolicy>(['skip', 'once', 'all'])('has its run, and no other is missed, under the policy %s', (missed) => {
    expect(firings(hourly(missed), 10 * HOUR)).toEqual([{ atMs: 10 * HOUR, isRun: true, missed: 0, nextAtMs: 11 * HOUR }]);
  });

  it.each<MissedPolicy>(['skip', 'once', 'all'])('is late and not missed for a while, under the policy %s', (missed) => {
    expect(firings(hourly(missed), 10 * HOUR + LATE_MS_MAX)).toEqual([{ atMs: 10 * HOUR, isRun: true, missed: 0, nextAtMs: 11 * HOUR }]);
  });
});

describe('times that were missed', () => {
  const nowMs = 13 * HOUR + 5 * MINUTE; // 10, 11, 12 and 13 o'clock have passed.

  it('are left out under the policy skip', () => {
    expect(firings(hourly('skip'), nowMs)).toEqual([{ atMs: 13 * HOUR, isRun: false, missed: 4, nextAtMs: 14 * HOUR }]);
  });

  it('are left out under the policy skip, but for one that is only late', () => {
    expect(firings(hourly('skip'), 13 * HOUR + 1)).toEqual([{ atMs: 13 * HOUR, isRun: true, missed: 3, nextAtMs: 14 * HOUR }]);
  });

  it('have one run together under the policy once, which stands for the newest', () => {
    expect(firings(hourly('once'), nowMs)).toEqual([{ atMs: 13 * HOUR, isRun: true, missed: 3, nextAtMs: 14 * HOUR }]);
  });

  it('have a run each under the policy all, the earliest first', () => {
    expect(firings(hourly('all'), nowMs)).toEqual([
      { atMs: 10 * HOUR, isRun: true, missed: 0, nextAtMs: 11 * HOUR },
      { atMs: 11 * HOUR, isRun: true, missed: 0, nextAtMs: 12 * HOUR },
      { atMs: 12 * HOUR, isRun: true, missed: 0, nextAtMs: 13 * HOUR },
      { atMs: 13 * HOUR, isRun: true, missed: 0, nextAtMs: 14 * HOUR },
    ]);
  });

  it('are made up for as far as the newest few after a long outage', () => {
    const made = firings(hourly('all'), 60 * HOUR + 5 * MINUTE);
    expect(made.map(({ atMs }) => atMs / HOUR)).toEqual(Array.from({ length: MISSED_RUNS_MAX }, (_, place) => 37 + place));
    expect(made.map(({ missed }) => missed)).toEqual([27, ...Array.from({ length: MISSED_RUNS_MAX - 1 }, () => 0)]);
  });

  it('leave the run of a time that is only late to itself', () => {
    const made = firings(hourly('all'), 60 * HOUR);
    expect(made).toHaveLength(MISSED_RUNS_MAX + 1);
    expect(made.at(-1)).toEqual({ atMs: 60 * HOUR, isRun: true, missed: 0, nextAtMs: 61 * HOUR });
  });

  it('cost no more to look at after a year than after a day', () => {
    const everySecond = { cron: '* * * * * *', timeZone: 'Europe/Berlin', nextAtMs: 0 };
    const nowMs = 365 * 24 * HOUR + 500;
    expect(firingAt({ ...everySecond, missed: 'once' }, nowMs)).toEqual({
      atMs: nowMs - 500,
      isRun: true,
      missed: MISSED_COUNTED_MAX - 1,
      nextAtMs: nowMs + 500,
    });
    expect(firings({ ...everySecond, missed: 'all' }, nowMs)).toHaveLength(MISSED_RUNS_MAX + 1);
  });
});

describe('whatever has passed', () => {
  it('is decided once, in order, and the next time lies ahead', () => {
    const policies = fc.constantFrom<MissedPolicy>('skip', 'once', 'all');
    const crons = fc.constantFrom('@hourly', '*/20 * * * *', '30 2 * * *', '5,50 1-4 * * *');
    const since = fc.oneof(
      fc.integer({ min: Date.parse('2026-03-28T00:00Z'), max: Date.parse('2026-03-30T00:00Z') }),
      fc.integer({ min: Date.parse('2026-10-24T00:00Z'), max: Date.parse('2026-10-26T00:00Z') }),
    );
    fc.assert(
      fc.property(policies, crons, since, fc.integer({ min: 0, max: 72 * HOUR }), (missed, cron, sinceMs, outageMs) => {
        const recurrence = { cron, timeZone: 'Europe/Berlin', missed };
        const { nextAtMs = NaN } = firingAt({ ...recurrence, nextAtMs: sinceMs }, sinceMs);
        const nowMs = nextAtMs + outageMs;
        const made = firings({ ...recurrence, nextAtMs }, nowMs);
        expect(made.length).toBeLessThanOrEqual(missed === 'all' ? MISSED_RUNS_MAX + 1 : 1);
        expect(made.every(({ atMs }, place) => atMs <= nowMs && atMs >= (made[place - 1]?.atMs ?? nextAtMs - 1) + 1)).toBe(true);
        expect(made.at(-1)?.nextAtMs).toBeGreaterThan(nowMs);
        const runs = made.filter(({ isRun }) => isRun).length;
        const passed = made.reduce((sum, firing) => sum + firing.missed, runs);
        const before = firings({ ...recurrence, missed: 'once', nextAtMs }, nowMs).reduce((sum, firing) => sum + firing.missed + 1, 0);
        expect(passed).toBe(before);
      }),
    );
  });
});
