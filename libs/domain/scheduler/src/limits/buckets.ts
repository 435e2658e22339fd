import type { RateLimit } from '@torch/contracts';
import { afterStart, type Bucket, converted, isFull, nextStartMs } from './token-bucket';

/** Buckets that are looked at with each start, to forget those that are full again. */
const SWEPT_PER_START = 2;

export type EncodedBuckets = readonly (readonly [id: string, atMs: number, credit: number])[];

/** The token buckets of all limits that have a rate, the one that was used last at the end. */
export class Buckets {
  private readonly byId = new Map<string, Bucket>();

  nextStartMs(id: string, rate: RateLimit, when: { nowMs: number; taken: number }): number {
    return nextStartMs(this.byId.get(id), rate, when);
  }

  /** `rateOf`: of any bucket, now. */
  start(id: string, atMs: number, rateOf: (id: string) => RateLimit | undefined): void {
    const rate = rateOf(id);
    if (rate) {
      const next = afterStart(this.byId.get(id), rate, atMs);
      this.byId.delete(id);
      this.byId.set(id, next);
    }
    this.sweep(atMs, rateOf);
  }

  /** What was left is left, by the new rate. */
  convert(id: string, from: RateLimit | undefined, to: RateLimit | undefined, atMs: number): void {
    const bucket = this.byId.get(id);
    if (!bucket || !from) return;
    if (to) this.byId.set(id, converted(bucket, from, to, atMs));
    else this.byId.delete(id);
  }

  ids(): readonly string[] {
    return [...this.byId.keys()];
  }

  encode(): EncodedBuckets {
    return [...this.byId].map(([id, { atMs, credit }]) => [id, atMs, credit] as const);
  }

  restore(encoded: EncodedBuckets): void {
    for (const [id, atMs, credit] of encoded) this.byId.set(id, { atMs, credit });
  }

  private sweep(atMs: number, rateOf: (id: string) => RateLimit | undefined): void {
    let left = SWEPT_PER_START;
    for (const [id, bucket] of this.byId) {
      if (left-- === 0) return;
      const rate = rateOf(id);
      if (!rate || isFull(bucket, rate, atMs)) this.byId.delete(id);
      else {
        this.byId.delete(id); // To the end: the next ones have their turn.
        this.byId.set(id, bucket);
      }
    }
  }
}
