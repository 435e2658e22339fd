import { Fenced, type Leases, LogUnavailable } from '@torch/log';
import type { Appender } from './appender';
import type { HostClock } from './host.clock';
import type { HostConfig } from './host.config';

/** Renews an owner's lease, and knows when it can no longer be sure of it. */
export class LeaseKeeper {
  /** Unknown before the first renewal: between the acquisition and the first turn lies whatever there was to prepare. */
  private validUntilMs = -Infinity;
  private lost = false;
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly leases: Leases,
    private readonly appender: Appender,
    private readonly config: HostConfig,
    private readonly clock: HostClock,
    private readonly wake: () => void,
  ) {}

  start(): void {
    this.cancelTimer = this.clock.after(this.config.renewEveryMs, () => {
      void this.renew()
        .catch((error: unknown) => {
          if (!(error instanceof LogUnavailable)) throw error; // Otherwise the next renewal tries again.
        })
        .finally(() => {
          if (this.cancelTimer) this.start();
        });
    });
  }

  stop(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  /**
   * To be called before state is shown or decided on: after a long pause somebody else may be the owner.
   *
   * @throws Fenced when the lease is lost; LogUnavailable when that cannot be found out now.
   */
  async hold(): Promise<void> {
    if (!this.lost && this.clock.monotonicMs() >= this.validUntilMs) await this.renew();
    if (this.lost) throw new Fenced(this.appender.currentLease.partition, this.appender.currentLease.service, this.appender.epoch);
  }

  private async renew(): Promise<void> {
    const askedAtMs = this.clock.monotonicMs();
    const lease = this.appender.currentLease;
    const held = await this.leases.renew(lease, this.config.leaseMs);
    if (held) this.validUntilMs = askedAtMs + this.config.leaseMs;
    else if (lease.epoch === this.appender.epoch) {
      this.lost = true;
      this.wake();
    }
  }
}
