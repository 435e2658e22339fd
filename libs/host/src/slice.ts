import type { HostClock } from './host.clock';

/** Work that is done in slices, between which everybody else in the process has a turn, such as the renewal of a lease. */
export class Slice {
  private endsAtMs: number;

  constructor(
    private readonly clock: HostClock,
    private readonly sliceMs: number,
  ) {
    this.endsAtMs = clock.monotonicMs() + sliceMs;
  }

  /** To be awaited after every piece of work. */
  giveWay(): Promise<void> | undefined {
    return this.clock.monotonicMs() < this.endsAtMs ? undefined : this.pass();
  }

  private async pass(): Promise<void> {
    await new Promise<void>((resolve) => this.clock.soon(resolve));
    this.endsAtMs = this.clock.monotonicMs() + this.sliceMs;
  }
}
