import { Connection } from './connection';
import type { Keys } from './keys';
import type { Settings } from './log-server-options';

/**
 * Waits for replicas on a connection of its own: `WAIT` keeps all that comes behind it waiting, and speaks only of what
 * was written over the same connection. So it writes a mark first: replicas take everything in one order, and whoever
 * has the mark has what came before it.
 */
export class Replication {
  private connection: Connection | undefined;
  /** Whoever comes while a wait is under way takes part in the next. */
  private next: Promise<number> | undefined;
  private current: Promise<unknown> = Promise.resolve();
  private marks = 0;

  constructor(
    private readonly keys: Keys,
    private readonly settings: Settings,
  ) {}

  /** @throws LogUnavailable. */
  async confirm(replicasMin: number, waitMs: number): Promise<number> {
    this.next ??= this.current.then(() => {
      this.next = undefined;
      const confirmed = this.wait(replicasMin, waitMs);
      this.current = confirmed.catch(() => undefined);
      return confirmed;
    });
    return this.next;
  }

  async close(): Promise<void> {
    await this.connection?.close();
  }

  private async wait(replicasMin: number, waitMs: number): Promise<number> {
    const connection = (this.connection ??= new Connection(this.settings, waitMs + this.settings.requestMs).start());
    await connection.untilReady(this.settings.requestMs);
    return connection.ask({ what: 'wait for replicas' }, async (redis) => {
      const [, replicas] = await Promise.all([redis.set(this.keys.replicationMark, ++this.marks), redis.wait(replicasMin, waitMs)]);
      return replicas;
    });
  }
}
