import { waitMs } from '../http/backoff';
import { isPassing } from '../http/gateway.errors';

export interface ClaimRenewalOptions {
  readonly leaseMs: number;
  /** Asks for the claim again under its id. */
  renew(signal: AbortSignal): Promise<unknown>;
  /** The claim is not held any more. */
  onLost(error: unknown): void;
}

/** Keeps a claim's lease up: asks again whenever half of it is over. By the agent's own clock, which may differ from Torch's. */
export class ClaimRenewal {
  private readonly over = new AbortController();

  constructor(private readonly options: ClaimRenewalOptions) {}

  /** Until `end`, or until the claim is lost. */
  async keep(): Promise<void> {
    const { leaseMs, renew, onLost } = this.options;
    const { signal } = this.over;
    for (;;) {
      await waitMs(leaseMs / 2, signal);
      if (signal.aborted) return;
      try {
        await renew(signal);
      } catch (error) {
        if (signal.aborted) return;
        // While Torch is away nobody else gets the paths; afterwards its answer says who has them.
        if (!isPassing(error)) return onLost(error);
      }
    }
  }

  end(): void {
    this.over.abort();
  }
}
