import { backOffMs, type BackOff, type HostClock } from './host.clock';
import type { Asker } from './waiting-askers';

interface SentEntryParts {
  readonly clock: HostClock;
  /** Pauses between two looks; after the longest since it was sent, what waits is sent again whatever the look would say. */
  readonly pauses: BackOff;
  /** Whether the queue still has this entry. */
  readonly isHeld: () => Promise<boolean>;
  /** Called when nobody waits any more for what was sent in it. */
  readonly onOver: () => void;
}

/**
 * Commands that left together, in one entry of a queue, and whose answers are not there yet.
 *
 * As long as the queue has the entry, the owner has yet to decide it, and sending again would only add to its work. So one look for
 * all of them comes first. When the entry is gone, its answers were lost, or the log server lost it: then they are sent again.
 */
export class SentEntry {
  private readonly waiting = new Map<Asker, () => void>();
  private readonly sentAtMs: number;
  private looks = Infinity;
  private cancelLook: (() => void) | undefined;

  constructor(private readonly parts: SentEntryParts) {
    this.sentAtMs = parts.clock.nowMs();
  }

  /**
   * Resolves when the command is to be sent again, or its asker is over.
   *
   * @param pausesBefore how many pauses this command has had; the next ones are longer.
   * @returns how many it has had now.
   */
  async untilDue(asker: Asker, pausesBefore: number): Promise<number> {
    await new Promise<void>((due) => {
      this.waiting.set(asker, due);
      asker.onOver(() => this.leave(asker));
      if (pausesBefore >= this.looks) return;
      this.looks = pausesBefore;
      this.lookAfter(backOffMs(this.parts.clock, this.looks, this.parts.pauses));
    });
    return this.looks + 1;
  }

  /** The connection was lost and is there again: whether the log server has kept the entry is asked soon. */
  lookSoon(): void {
    const { clock, pauses } = this.parts;
    this.lookAfter(clock.random() * pauses.retryMs);
  }

  close(): void {
    this.cancelLook?.();
  }

  private leave(asker: Asker): void {
    this.waiting.get(asker)?.();
    this.waiting.delete(asker);
    if (this.waiting.size > 0) return;
    this.close();
    this.parts.onOver();
  }

  private lookAfter(ms: number): void {
    const { clock, pauses } = this.parts;
    this.close();
    const untilLastMs = Math.max(0, this.sentAtMs + pauses.retryMsMax - clock.nowMs());
    this.cancelLook = clock.after(Math.min(ms, untilLastMs), () => {
      this.cancelLook = undefined;
      void this.look();
    });
  }

  /** A look that fails says nothing: sending again either works, or tells what is wrong. */
  private async look(): Promise<void> {
    const { clock, pauses, isHeld } = this.parts;
    const isLast = clock.nowMs() - this.sentAtMs >= pauses.retryMsMax;
    const held = !isLast && (await isHeld().catch(() => false));
    if (this.waiting.size === 0) return;
    if (!held) return this.sendAgain();
    this.looks++;
    if (!this.cancelLook) this.lookAfter(backOffMs(clock, this.looks, pauses));
  }

  private sendAgain(): void {
    this.close();
    const due = [...this.waiting.values()];
    this.waiting.clear();
    this.parts.onOver();
    for (const sendAgain of due) sendAgain();
  }
}
