import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** Longest wait. Default 10 s. */
  readonly deadlineMs?: number;
  /** What is waited for, for the error: "the task is completed". */
  readonly what: string;
  /** Between two looks. Default 10 ms. */
  readonly everyMs?: number;
}

const DEADLINE_MS_DEFAULT = 10_000;
const EVERY_MS_DEFAULT = 10;

/**
 * Looks again and again until `look` gives something truthy, and returns that.
 *
 * @throws Error naming `what` at the deadline, with what `look` last threw as its cause.
 */
export async function waitUntil<T>(look: () => Promise<T> | T, options: WaitOptions): Promise<NonNullable<T>> {
  const { deadlineMs = DEADLINE_MS_DEFAULT, everyMs = EVERY_MS_DEFAULT, what } = options;
  const deadlineAtMs = performance.now() + deadlineMs;
  for (;;) {
    const seen = await Promise.resolve()
      .then(look)
      .catch((error: unknown) => new Failed(error));
    if (!(seen instanceof Failed) && seen) return seen as NonNullable<T>;
    if (performance.now() >= deadlineAtMs) {
      throw new Error(`Not within ${deadlineMs} ms: ${what}.`, seen instanceof Failed ? { cause: seen.error } : undefined);
    }
    await pause(everyMs);
  }
}

class Failed {
  constructor(readonly error: unknown) {}
}
