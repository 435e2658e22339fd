import type { RateLimit } from '@torch/contracts';

/**
 * What is left to start at once. All in whole numbers, so that a replay comes to the same: a start costs `perMs` of credit, each
 * millisecond earns `tasks`, and no more than `burst` starts are saved up. A bucket that is full need not be remembered.
 */
export interface Bucket {
  readonly atMs: number;
  readonly credit: number;
}

/** When one more may start behind `taken` others, epoch ms; `nowMs` when it may at once. */
export function nextStartMs(bucket: Bucket | undefined, rate: RateLimit, { nowMs, taken }: { nowMs: number; taken: number }): number {
  const { atMs, credit } = filled(bucket, rate, nowMs);
  const missing = (taken + 1) * rate.perMs - credit;
  return missing <= 0 ? nowMs : atMs + Math.ceil(missing / rate.tasks);
}

/** After a start, which has happened: the credit may be overdrawn, by a rate that was set in between. */
export function afterStart(bucket: Bucket | undefined, rate: RateLimit, atMs: number): Bucket {
  const before = filled(bucket, rate, atMs);
  return { atMs: before.atMs, credit: before.credit - rate.perMs };
}

/** The same starts left, counted by another rate. */
export function converted(bucket: Bucket, from: RateLimit, to: RateLimit, atMs: number): Bucket {
  const now = filled(bucket, from, atMs);
  return { atMs: now.atMs, credit: Math.min(capacity(to), Math.floor((now.credit / from.perMs) * to.perMs)) };
}

export const isFull = (bucket: Bucket, rate: RateLimit, nowMs: number): boolean => filled(bucket, rate, nowMs).credit >= capacity(rate);

/** A clock that has gone back earns nothing until it is where it was. */
function filled(bucket: Bucket | undefined, rate: RateLimit, nowMs: number): Bucket {
  if (!bucket) return { atMs: nowMs, credit: capacity(rate) };
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  return { atMs: bucket.atMs + elapsedMs, credit: Math.min(capacity(rate), bucket.credit + elapsedMs * rate.tasks) };
}

const capacity = ({ tasks, burst = tasks, perMs }: RateLimit): number => burst * perMs;
