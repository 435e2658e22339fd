import type { Signals } from '../log';
import type { MemoryFaults } from './memory-faults';
import type { MemoryStore } from './memory-store';

/** Delivers in the order of publishing, each in a microtask of its own, as if it came over a connection. */
export class MemorySignals implements Signals {
  private readonly own = new Map<(body: string) => void, string>();

  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
  ) {}

  async publish(channel: string, body: string): Promise<number> {
    return this.faults.around('publish', undefined, () => {
      const listeners = this.store.channels.get(channel);
      if (!listeners) return 0;
      for (const receive of listeners) queueMicrotask(() => listeners.has(receive) && receive(body));
      return listeners.size;
    });
  }

  async listen(channel: string, receive: (body: string) => void): Promise<() => Promise<void>> {
    // Wrapped, so that one function that listens twice counts twice.
    const listener = (body: string): void => receive(body);
    await this.faults.around('listen', undefined, () => {
      const listeners = this.store.channels.get(channel) ?? new Set();
      this.store.channels.set(channel, listeners.add(listener));
      this.own.set(listener, channel);
    });
    return async () => this.stop(listener);
  }

  close(): void {
    for (const listener of [...this.own.keys()]) this.stop(listener);
  }

  private stop(listener: (body: string) => void): void {
    const channel = this.own.get(listener);
    if (channel === undefined) return;
    this.own.delete(listener);
    const listeners = this.store.channels.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.store.channels.delete(channel);
  }
}
