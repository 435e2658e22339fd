/** Time and chance as the host sees them. The simulator has its own, so that a seed repeats a run. */
export interface HostClock {
  /** Epoch ms. */
  nowMs(): number;
  /** Ms since some moment of the past; never goes back and never jumps. */
  monotonicMs(): number;
  /** Calls back once after `ms`. @returns how to cancel. */
  after(ms: number, call: () => void): () => void;
  /** Calls back once what is going on in this round of the event loop is done. */
  soon(call: () => void): void;
  /** From 0 up to, and without, 1. */
  random(): number;
}

export const SYSTEM_CLOCK: HostClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  soon: (call) => void setImmediate(call),
  random: () => Math.random(),
};

/** @param until ends the pause early. */
export async function pause(clock: HostClock, ms: number, until?: AbortSignal): Promise<void> {
  if (until?.aborted) return;
  await new Promise<void>((over) => {
    const end = (): void => {
      cancel();
      until?.removeEventListener('abort', end);
      over();
    };
    const cancel = clock.after(ms, end);
    until?.addEventListener('abort', end);
  });
}

/** What is due in this round of the event loop is done, what follows from it without waiting for the world included. */
export const nextRound = (clock: Pick<HostClock, 'soon'>): Promise<void> => new Promise((over) => clock.soon(over));

/** Ms of an exponential back-off with jitter between half and all of it, from `retryMs` up to `retryMsMax`. */
export function backOffMs(clock: Pick<HostClock, 'random'>, attempt: number, { retryMs, retryMsMax }: BackOff): number {
  const full = Math.min(retryMsMax, retryMs * 2 ** Math.min(attempt, 16));
  return full / 2 + clock.random() * (full / 2);
}

/** Pauses for as long as `backOffMs` says. */
export const backOff = (clock: HostClock, attempt: number, pauses: BackOff, until?: AbortSignal): Promise<void> =>
  pause(clock, backOffMs(clock, attempt, pauses), until);

/** First and longest pause, ms. */
export interface BackOff {
  readonly retryMs: number;
  readonly retryMsMax: number;
}
