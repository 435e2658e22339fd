import type { LogEntry } from '@torch/log';
import { type HostClock, nextRound } from './host.clock';
import type { HostConfig } from './host.config';
import type { PartitionState } from './partition-state';

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
    await nextRound(this.clock);
    this.endsAtMs = this.clock.monotonicMs() + this.sliceMs;
  }
}

/** As `state.takeIn`, in slices, so that a long stretch of the log keeps nobody else in this process waiting. */
export async function takeInSlices<State>(
  state: PartitionState<State>,
  entries: readonly LogEntry[],
  { clock, config }: { readonly clock: HostClock; readonly config: HostConfig },
): Promise<void> {
  const slice = new Slice(clock, config.turnSliceMs);
  for (const entry of entries) {
    for (const step of state.stepsIn(entry)) {
      void step;
      const pass = slice.giveWay();
      if (pass) await pass;
    }
  }
}
