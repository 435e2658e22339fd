import { LogUnavailable } from '@torch/log';
import { backOff, type HostClock } from './host.clock';
import type { HostConfig } from './host.config';

/** Work that goes on beside the owner's loop, one piece at a time. While the log server is away, it is tried again. */
export class BesideLoop {
  private readonly ending = new AbortController();
  private failure: { readonly error: unknown } | undefined;
  private running = false;

  constructor(
    private readonly parts: { readonly clock: HostClock; readonly config: HostConfig },
    private readonly onDone: () => void,
  ) {}

  get busy(): boolean {
    return this.running;
  }

  /** Nobody wants the outcome any more. */
  abandon(): void {
    this.ending.abort();
  }

  /** @throws whatever work has failed by. */
  check(): void {
    if (this.failure) throw this.failure.error;
  }

  /** Does nothing while work is under way. `work` goes on from where it was when it is tried again, and ends early when `ending` says so. */
  start(work: (ending: AbortSignal) => Promise<void>): void {
    if (this.running) return;
    this.running = true;
    void this.tryPatiently(work).finally(() => {
      this.running = false;
      this.onDone();
    });
  }

  private async tryPatiently(work: (ending: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, config } = this.parts;
    const { signal } = this.ending;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        return await work(signal);
      } catch (error) {
        if (error instanceof LogUnavailable) await backOff(clock, failures, config, signal);
        else {
          this.failure = { error };
          return;
        }
      }
    }
  }
}
