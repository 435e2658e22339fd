import { invariant } from '@torch/kernel';
import { LogUnavailable, WAIT_MS_MAX, type WaitFor, type Waiter } from '@torch/log';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from './connection';
import type { Keys } from './keys';
import type { Settings } from './log-server-options';

/** Pause after a wait that failed; doubles with every further one. */
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 1000;

/** Behind all generations of a seq. */
const GENERATION_LAST = '18446744073709551615';

export class WaiterAdapter implements Waiter {
  private readonly connection: Connection;
  private readonly closing = new AbortController();
  private waiting = false;
  private failures = 0;

  constructor(
    private readonly keys: Keys,
    settings: Settings,
    private readonly onClose: () => void,
  ) {
    this.connection = new Connection(settings, WAIT_MS_MAX + settings.requestMs).start();
  }

  async wait(what: WaitFor): Promise<void> {
    if (this.closing.signal.aborted) throw new LogUnavailable('The waiter is closed.', false);
    invariant(!this.waiting, 'A waiter waits for one thing at a time.');
    this.waiting = true;
    try {
      if (await this.connection.untilReady(WAIT_MS_MAX, this.closing.signal)) await this.block(what);
    } finally {
      this.waiting = false;
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.connection.drop();
    this.onClose();
  }

  private async block({ partition, afterSeq, commands }: WaitFor): Promise<void> {
    const keys: string[] = [];
    const ids: string[] = [];
    if (afterSeq !== undefined) {
      keys.push(this.keys.log(partition));
      ids.push(`${afterSeq}-${GENERATION_LAST}`);
    }
    if (commands) {
      keys.push(this.keys.service(partition, commands.service).commands);
      ids.push(commands.afterId);
    }
    try {
      await this.connection.ask({ what: `wait on partition ${partition}` }, (redis) =>
        redis.xread('COUNT', 1, 'BLOCK', WAIT_MS_MAX, 'STREAMS', ...keys, ...ids),
      );
      this.failures = 0;
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      await this.backOff();
    }
  }

  private async backOff(): Promise<void> {
    const ms = Math.min(PAUSE_MS * 2 ** Math.min(this.failures++, 10), PAUSE_MS_MAX);
    await pause(ms, undefined, { signal: this.closing.signal }).catch(() => undefined); // Closed: nothing to wait for.
  }
}
