import { setTimeout as after } from 'node:timers/promises';

/** Resolves after `ms`, at the signal, or at once when `ms` is not above 0. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  ms <= 0 || signal.aborted
    ? Promise.resolve()
    : after(ms, undefined, { signal }).then(
        () => undefined,
        () => undefined,
      );
