/**
 * The priority of what has been ready since `readySinceMs`, raised by one for each `ageStepMs` of waiting: 0 is the first, and
 * nothing waits longer than ten steps to get there.
 */
export function levelAt(priority: number, readySinceMs: number, { nowMs, ageStepMs }: AgeingClock): number {
  return Math.max(0, priority - stepsOf(readySinceMs, { nowMs, ageStepMs }));
}

/** When the level gets better next, epoch ms; `Infinity` for what is at level 0. */
export function promotedAtMs(priority: number, readySinceMs: number, clock: AgeingClock): number {
  if (levelAt(priority, readySinceMs, clock) === 0) return Infinity;
  return readySinceMs + (stepsOf(readySinceMs, clock) + 1) * clock.ageStepMs;
}

export interface AgeingClock {
  readonly nowMs: number;
  readonly ageStepMs: number;
}

const stepsOf = (readySinceMs: number, { nowMs, ageStepMs }: AgeingClock): number =>
  Math.max(0, Math.floor((nowMs - readySinceMs) / ageStepMs));
