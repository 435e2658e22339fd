import { MISSED_RUNS_MAX, type MissedPolicy } from '@torch/contracts';
import { lastTimesMs, nextTimeMs, type Recurrence, timesBetween } from './next-time';

/** A time that passed no longer ago than this is late, and not missed. */
export const LATE_MS_MAX = 60_000;
/** Times that passed are counted so far; what lies behind is not looked at. */
export const MISSED_COUNTED_MAX = 100;

export interface Firing {
  /** The time that the run stands for, epoch ms. */
  readonly atMs: number;
  /** False: the time was missed, and nothing makes up for it. */
  readonly isRun: boolean;
  /** Times that passed without a run of their own; at most `MISSED_COUNTED_MAX` are counted. */
  readonly missed: number;
  /** May have passed already, when several runs are made up for. */
  readonly nextAtMs: number | undefined;
}

export interface Overdue extends Recurrence {
  readonly missed: MissedPolicy;
  /** The first time that nothing has been decided for. */
  readonly nextAtMs: number;
}

/**
 * What becomes of the times from `nextAtMs` to `nowMs`, of which there is at least one. `skip`: a run for the newest, unless that is
 * missed too; `once`: a run for the newest; `all`: a run for each, the earliest first, of which the newest `MISSED_RUNS_MAX`
 * missed ones are made up for. The cost is bounded, however long ago `nextAtMs` was.
 */
export function firingAt(overdue: Overdue, nowMs: number): Firing {
  const { count, newest } = passedTimes(overdue, nowMs);
  const lastMs = newest.at(-1) as number;
  const isLate = nowMs - lastMs <= LATE_MS_MAX;
  const afterMs = nextTimeMs(overdue, nowMs);
  if (overdue.missed === 'all') {
    const kept = newest.slice(-(MISSED_RUNS_MAX + (isLate ? 1 : 0)));
    return { atMs: kept[0] as number, isRun: true, missed: count - kept.length, nextAtMs: kept[1] ?? afterMs };
  }
  const isRun = isLate || overdue.missed === 'once';
  return { atMs: lastMs, isRun, missed: isRun ? count - 1 : count, nextAtMs: afterMs };
}

function passedTimes(overdue: Overdue, nowMs: number): { readonly count: number; readonly newest: readonly number[] } {
  const { nextAtMs } = overdue;
  const passed = [nextAtMs, ...timesBetween(overdue, { afterMs: nextAtMs, untilMs: nowMs, count: MISSED_COUNTED_MAX - 1 })];
  const count = passed.length;
  return { count, newest: count < MISSED_COUNTED_MAX ? passed : lastTimesMs(overdue, nowMs, MISSED_RUNS_MAX + 1) };
}
