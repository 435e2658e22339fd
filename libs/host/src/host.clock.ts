/** Time as the host sees it. The simulator has one of its own. */
export interface HostClock {
  /** Epoch ms. */
  nowMs(): number;
  /** Calls back once after `ms`. @returns how to cancel. */
  after(ms: number, call: () => void): () => void;
}

export const SYSTEM_CLOCK: HostClock = {
  nowMs: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export const pause = (clock: HostClock, ms: number): Promise<void> => new Promise((over) => clock.after(ms, over));

/** Exponential back-off with full jitter between half and all of it, from `firstMs` up to `maxMs`. */
export function backoffMs(attempt: number, firstMs: number, maxMs: number): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 16));
  return full / 2 + Math.random() * (full / 2);
}
