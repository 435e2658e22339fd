import { LogUnavailable, type Signals } from '@torch/log';
import { Connection } from './connection';
import type { Keys } from './keys';
import type { Settings } from './log-server-options';

type Receive = (body: string) => void;

/** Listens on a connection of its own, which takes no other requests; publishes on the one for everything. */
export class SignalsAdapter implements Signals {
  private readonly listening: Connection;
  private state: 'idle' | 'started' | 'closed' = 'idle';
  private readonly listeners = new Map<string, Set<Receive>>();
  /** Subscriptions are changed one after the other, so that the last word on a channel is the last one sent. */
  private change: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly publishing: Connection,
    private readonly keys: Keys,
    private readonly settings: Settings,
  ) {
    this.listening = new Connection(settings, settings.requestMs);
    this.listening.onReady(() => void this.inTurn(() => this.subscribeAgain()));
    this.listening.onMessage((channel, body) => this.listeners.get(channel)?.forEach((receive) => receive(body)));
  }

  async publish(channel: string, body: string): Promise<number> {
    return this.publishing.ask({ what: 'publish a signal' }, (redis) => redis.publish(this.keys.channel(channel), body));
  }

  async listen(channel: string, receive: Receive): Promise<() => Promise<void>> {
    const name = this.keys.channel(channel);
    // Wrapped, so that one function that listens twice counts twice.
    const listener: Receive = (body) => receive(body);
    await this.inTurn(() => this.add(name, listener));
    return () => this.inTurn(() => this.remove(name, listener));
  }

  /** Called when the connection for listening was lost and is there again: signals may have been missed. */
  onReturn(listener: () => void): void {
    this.listening.onReturn(listener);
  }

  async close(): Promise<void> {
    const started = this.state === 'started';
    this.state = 'closed';
    this.listeners.clear();
    if (started) await this.listening.close();
  }

  private async add(name: string, listener: Receive): Promise<void> {
    if (this.state === 'closed') throw new LogUnavailable('The connection to the log server is closed.', false);
    if (this.state === 'idle') this.listening.start();
    this.state = 'started';
    const others = this.listeners.get(name);
    if (others) return void others.add(listener);
    await this.listening.untilReady(this.settings.requestMs);
    // Before it is confirmed: the first signal may come together with the confirmation.
    this.listeners.set(name, new Set([listener]));
    try {
      await this.subscribe([name]);
    } catch (error) {
      this.listeners.delete(name);
      this.listening.renew(); // It may be subscribed all the same.
      throw error;
    }
  }

  private async remove(name: string, listener: Receive): Promise<void> {
    const left = this.listeners.get(name);
    if (!left?.delete(listener) || left.size > 0) return;
    this.listeners.delete(name);
    if (!this.listening.isReady) return; // What is not connected is not subscribed either.
    await this.listening.ask({ what: 'stop listening' }, (redis) => redis.unsubscribe(name)).catch(() => this.listening.renew());
  }

  private async subscribeAgain(): Promise<void> {
    const names = [...this.listeners.keys()];
    if (names.length === 0 || !this.listening.isReady) return;
    await this.subscribe(names).catch(() => this.listening.renew());
  }

  private async subscribe(names: readonly string[]): Promise<void> {
    await this.listening.ask({ what: 'listen' }, (redis) => redis.subscribe(...names));
  }

  private async inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.change.then(run);
    this.change = turn.catch(() => undefined); // Whoever asked for the turn gets its error.
    await turn;
  }
}
