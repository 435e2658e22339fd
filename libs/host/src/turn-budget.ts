import type { HostClock } from './host.clock';
import type { HostConfig } from './host.config';
import { Slice } from './slice';

/**
 * What one turn may cost, in bytes of events and in time, over everything that it decides. Each stage of a turn has a share of it, so
 * that none keeps another waiting; what is left of a stage has its turn next. At least one piece of work of each stage is always done.
 */
export class TurnBudget {
  private readonly endsAtMs: number;
  private stageEndsAtMs: number;
  private stageBytes: number;
  private readonly slice: Slice;

  /** @param bytes of the events that the turn has made so far. */
  constructor(
    private readonly clock: HostClock,
    private readonly config: Pick<HostConfig, 'turnBytesMax' | 'turnMsMax' | 'turnSliceMs'>,
    private readonly bytes: () => number,
  ) {
    const nowMs = clock.monotonicMs();
    this.endsAtMs = nowMs + config.turnMsMax;
    this.stageEndsAtMs = this.endsAtMs;
    this.stageBytes = config.turnBytesMax;
    this.slice = new Slice(clock, config.turnSliceMs);
  }

  /** The next stage begins. @param share of the whole turn that it may use, from 0 to 1. */
  stage(share: number): void {
    this.stageEndsAtMs = Math.min(this.endsAtMs, this.clock.monotonicMs() + this.config.turnMsMax * share);
    this.stageBytes = Math.min(this.config.turnBytesMax, this.bytes() + this.config.turnBytesMax * share);
  }

  /** Nothing more of this stage is begun in this turn. */
  get spent(): boolean {
    return this.bytes() >= this.stageBytes || this.clock.monotonicMs() >= this.stageEndsAtMs;
  }

  /** To be awaited after every piece of work. */
  giveWay(): Promise<void> | undefined {
    return this.slice.giveWay();
  }
}
