import { hash } from 'node:crypto';
import { type Principal, verifyToken } from '@torch/platform';
import { RecentlyUsed } from './recently-used';

const TOKENS_MAX = 10_000;
/** For so long a token is taken for what it was; one that expires in between is good for that much longer. */
const TRUST_MS = 10_000;

/** Verifies tokens, and remembers for a little while which ones were good: agents make thousands of requests with one. */
export class TokenCheck {
  private readonly good = new RecentlyUsed<{ principal: Principal; untilMs: number }>(TOKENS_MAX);

  constructor(
    private readonly secret: Uint8Array,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** @throws Unauthorized with a sentence that says why. */
  async principalOf(token: string): Promise<Principal> {
    const key = hash('sha256', token, 'base64'); // The token itself is not kept in memory.
    const known = this.good.get(key);
    if (known && known.untilMs > this.nowMs()) return known.principal;
    const principal = await verifyToken(this.secret, token);
    this.good.set(key, { principal, untilMs: this.nowMs() + TRUST_MS });
    return principal;
  }
}
