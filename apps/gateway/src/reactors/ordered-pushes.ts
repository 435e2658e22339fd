import type { SseConnection } from '../adapters/sse-connection.adapter';

/** Something for an agent, told apart by its key. The frame may have to be looked up first; without one there is nothing to send. */
export interface Push {
  readonly key: string;
  readonly frame: string | Promise<string | undefined>;
  /** Called once the frame is on its way. */
  readonly sent?: () => void;
}

/**
 * Sends what comes for one agent in the order in which the log has it, although some of it has to be looked up first, and
 * holds it back until everything that was open before is sent.
 */
export class OrderedPushes {
  private waiting: Push[] = [];
  private alreadySent = new Set<string>();
  private state: 'held' | 'idle' | 'sending' = 'held';

  constructor(
    private readonly connection: SseConnection,
    private readonly pendingMax: number,
  ) {}

  push(push: Push): void {
    if (this.connection.closed) return;
    if (this.state === 'idle' && typeof push.frame === 'string') {
      this.send(push, push.frame);
      return;
    }
    if (typeof push.frame !== 'string') push.frame.catch(() => undefined); // Met again when its turn comes.
    this.waiting.push(push);
    if (this.waiting.length > this.pendingMax) this.connection.end(`${this.pendingMax} events wait for it`);
    else if (this.state === 'idle') void this.sendWaiting();
  }

  /** Sends what is open, then what came meanwhile, and from now on what comes. What is among both is sent once. */
  release(open: readonly Push[]): void {
    for (const push of open) {
      this.alreadySent.add(push.key);
      if (typeof push.frame === 'string' && this.connection.send(push.frame)) push.sent?.();
    }
    void this.sendWaiting();
  }

  private async sendWaiting(): Promise<void> {
    this.state = 'sending';
    for (let push = this.waiting.shift(); push && !this.connection.closed; push = this.waiting.shift()) {
      try {
        const frame = await push.frame;
        if (frame !== undefined) this.send(push, frame);
      } catch (error) {
        this.connection.end(`something for it could not be looked up (${String(error)})`);
      }
    }
    this.state = 'idle';
  }

  private send(push: Push, frame: string): void {
    // The tail may be behind what the owners answered, so a double can come late; but each only once.
    if (this.alreadySent.delete(push.key)) return;
    if (this.connection.send(frame)) push.sent?.();
  }
}
