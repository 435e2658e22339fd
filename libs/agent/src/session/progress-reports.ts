import { waitMs } from '../http/backoff';
import type { Progress } from './harness';

/** Sends progress in order and no more often than every so often; what waits gives way to what is newer, field by field. */
export class ProgressReports {
  private waiting?: Progress;
  private sending = false;

  constructor(
    private readonly everyMs: number,
    private readonly signal: AbortSignal,
    private readonly send: (report: Progress) => Promise<unknown>,
    private readonly onLost: (error: unknown) => void,
  ) {}

  add(report: Progress): void {
    this.waiting = { ...this.waiting, ...report };
    if (!this.sending) void this.sendWaiting();
  }

  private async sendWaiting(): Promise<void> {
    this.sending = true;
    while (this.waiting && !this.signal.aborted) {
      const report = this.waiting;
      this.waiting = undefined;
      const sent = this.send(report).catch((error: unknown) => {
        if (!this.signal.aborted) this.onLost(error);
      });
      // From sending to sending: what is waiting may be that nothing is left to spend.
      await Promise.all([sent, waitMs(this.everyMs, this.signal)]);
    }
    this.sending = false;
  }
}
