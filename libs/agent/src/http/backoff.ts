import { setTimeout as after } from 'node:timers/promises';

/** How often and how long something is tried again. Times in milliseconds. */
export interface RetryConfig {
  /** Attempts in all, the first included. `Infinity`: only the budget limits them. */
  readonly attemptsMax: number;
  /** From the first attempt; no attempt starts later. */
  readonly budgetMs: number;
  /** Pause before the second attempt; it doubles up to `pauseMsMax`. The real pause is between a half and the whole of it. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
}

export const RETRY_DEFAULTS: RetryConfig = { attemptsMax: 6, budgetMs: 10_000, pauseMs: 100, pauseMsMax: 2000 };

/** The pause before attempt `attempt + 1`, with jitter: between a half and the whole of the doubled pause. */
export function pauseMs({
  attempt,
  pauseMs: first,
  pauseMsMax,
  random = Math.random,
}: {
  attempt: number;
  pauseMs: number;
  pauseMsMax: number;
  random?: () => number;
}): number {
  const whole = Math.min(first * 2 ** Math.min(attempt - 1, 30), pauseMsMax);
  return whole / 2 + (whole / 2) * random();
}

/** Waits, or ends early and quietly when `signal` aborts. */
export async function waitMs(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await after(ms, undefined, { signal }).catch(() => undefined);
}
