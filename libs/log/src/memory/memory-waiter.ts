import { invariant } from '@torch/kernel';
import { compareEntryIds } from '../entry-id';
import { WAIT_MS_MAX, type WaitFor, type Waiter } from '../log';
import { LogUnavailable } from '../log.errors';
import type { MemoryStore } from './memory-store';

/** Calls `fire` once, `delayMs` from now. @returns how to call it off. */
export type StartTimer = (delayMs: number, fire: () => void) => () => void;

export class MemoryWaiter implements Waiter {
  private wake: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly store: MemoryStore,
    private readonly startTimer: StartTimer,
    private readonly onClose: () => void,
  ) {}

  async wait(what: WaitFor): Promise<void> {
    if (this.closed) throw new LogUnavailable('The waiter is closed.', false);
    invariant(!this.wake, 'A waiter waits for one thing at a time.');
    if (this.isThere(what)) return;
    await new Promise<void>((resolve) => {
      const stopListening = this.store.onChange(() => this.isThere(what) && this.wake?.());
      const stopTimer = this.startTimer(WAIT_MS_MAX, () => this.wake?.());
      this.wake = () => {
        this.wake = undefined;
        stopListening();
        stopTimer();
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.wake?.();
    this.onClose();
  }

  private isThere({ partition, afterSeq, commands }: WaitFor): boolean {
    const { head, queues } = this.store.partition(partition);
    if (afterSeq !== undefined && head.seq > afterSeq) return true;
    if (!commands) return false;
    const last = queues.get(commands.service)?.at(-1);
    return last !== undefined && compareEntryIds(last.id, commands.afterId) > 0;
  }
}
