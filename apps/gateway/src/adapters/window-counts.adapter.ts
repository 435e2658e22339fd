import type { ThrottlerStorage } from '@nestjs/throttler';

type Record = Awaited<ReturnType<ThrottlerStorage['increment']>>;

interface Window {
  hits: number;
  endsAtMs: number;
}

/** Requests counted in fixed windows: constant work for each, and a ceiling on the callers that are remembered. */
export class WindowCounts implements ThrottlerStorage {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly callersMax: number,
    private readonly nowMs: () => number = Date.now,
  ) {}

  increment(key: string, ttlMs: number, limit: number): Promise<Record> {
    const now = this.nowMs();
    let window = this.windows.get(key);
    if (!window || window.endsAtMs <= now) {
      this.windows.delete(key);
      if (this.windows.size >= this.callersMax) this.forget(now);
      this.windows.set(key, (window = { hits: 0, endsAtMs: now + ttlMs }));
    }
    window.hits++;
    const timeToExpire = Math.max(1, Math.ceil((window.endsAtMs - now) / 1000));
    const isBlocked = window.hits > limit;
    return Promise.resolve({ totalHits: window.hits, timeToExpire, isBlocked, timeToBlockExpire: isBlocked ? timeToExpire : 0 });
  }

  get size(): number {
    return this.windows.size;
  }

  /** Windows that are over, or, when none is, the oldest. */
  private forget(now: number): void {
    for (const [key, { endsAtMs }] of this.windows) if (endsAtMs <= now) this.windows.delete(key);
    for (const key of this.windows.keys()) {
      if (this.windows.size < this.callersMax) return;
      this.windows.delete(key);
    }
  }
}
