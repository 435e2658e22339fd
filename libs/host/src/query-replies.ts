import type { Signals } from '@torch/log';
import type { QueryAnswer } from './envelope';
import { type HostClock, nextRound } from './host.clock';
import type { HostLogger } from './host.ports';
import { type Addressed, publishAnswers } from './replies';

interface Reply extends Addressed<QueryAnswer> {
  /** When nobody waits for it any more, by the owner's clock, epoch ms. */
  readonly droppedAtMs: number;
}

/**
 * Sends answers to queries to whoever asked, beside the owner's loop: one message at a time for each instance that waits, with all that
 * was answered meanwhile. What nobody waits for any more is not sent.
 */
export class QueryReplies {
  private unsent: Reply[] = [];
  private sending = 0;
  private isPublishing = false;
  private isClosed = false;

  constructor(
    private readonly signals: Signals,
    private readonly clock: Pick<HostClock, 'nowMs' | 'soon'>,
    private readonly log: HostLogger,
  ) {}

  /** Answers that have not left yet. */
  get size(): number {
    return this.unsent.length + this.sending;
  }

  send(reply: Reply): void {
    if (this.isClosed) return;
    this.unsent.push(reply);
    if (!this.isPublishing) void this.publishAll();
  }

  /** Whatever has not left by now stays here. */
  close(): void {
    this.isClosed = true;
    this.unsent = [];
  }

  private async publishAll(): Promise<void> {
    this.isPublishing = true;
    while (this.unsent.length > 0) {
      await nextRound(this.clock); // What else is answered in this one travels along.
      const nowMs = this.clock.nowMs();
      const replies = this.unsent.filter(({ droppedAtMs }) => droppedAtMs > nowMs);
      this.unsent = [];
      this.sending = replies.length;
      await publishAnswers(this.signals, [], replies).catch((error: unknown) => {
        // Whoever waits hears nothing, and asks again.
        this.log.debug('Answers to queries could not be published.', { error: String(error) });
      });
      this.sending = 0;
    }
    this.isPublishing = false;
  }
}
