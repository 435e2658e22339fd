import { saturatingAdd } from '@torch/kernel';
import { addMicros } from './amounts';
import { reservedMicros, reservedTokens, type Spending } from './spending';

/**
 * What live attempts have reserved together. Estimates come and go, so that these sums must not saturate: each would take more away
 * than it had added. They are exact, and saturate where they are read.
 */
export class Reserved {
  private tokens = 0n;
  private micros = 0n;

  change(spending: Spending, sign: 1 | -1): void {
    const tokens = reservedTokens(spending);
    const micros = reservedMicros(spending);
    if (tokens > 0) this.tokens += BigInt(sign * tokens);
    if (micros > 0) this.micros += BigInt(sign * micros);
  }

  /** What others have reserved, when `own` is the reader's part of it. */
  tokensBeside(own: number): number {
    return saturatingAdd(Number(this.tokens - BigInt(own)));
  }

  microsBeside(own: number): number {
    return addMicros(Number(this.micros - BigInt(own)));
  }
}
