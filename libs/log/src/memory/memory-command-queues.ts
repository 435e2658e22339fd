import { compareEntryIds, entryIdAfter, FIRST_ENTRY_ID } from '../entry-id';
import { checkCommandEntrySize } from '../entry-size';
import type { CommandEntry, CommandQueues } from '../log';
import { QueueFull } from '../log.errors';
import type { MemoryFaults } from './memory-faults';
import type { MemoryStore } from './memory-store';

interface Limits {
  readonly nowMs: () => number;
  readonly commandEntriesMax: number;
}

export class MemoryCommandQueues implements CommandQueues {
  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
    private readonly limits: Limits,
  ) {}

  async send(partition: number, service: string, body: string): Promise<string> {
    checkCommandEntrySize(body);
    return this.faults.around('send', partition, () => {
      const queue = this.queue(partition, service);
      const { commandEntriesMax } = this.limits;
      if (queue.length >= commandEntriesMax) throw new QueueFull(partition, service, commandEntriesMax);
      const id = this.nextId(partition, service);
      queue.push({ id, body });
      this.store.changed();
      return id;
    });
  }

  async holds(partition: number, service: string, entryId: string): Promise<boolean> {
    return this.faults.around('holdsCommands', partition, () => this.queue(partition, service).some(({ id }) => id === entryId));
  }

  async read(partition: number, service: string, afterId: string, limit: number): Promise<readonly CommandEntry[]> {
    return this.faults.around('readCommands', partition, () => {
      const queue = this.queue(partition, service);
      const start = countThrough(queue, afterId);
      return queue.slice(start, start + limit);
    });
  }

  async trim(partition: number, service: string, throughId: string): Promise<void> {
    await this.faults.around('trimCommands', partition, () => {
      const queue = this.queue(partition, service);
      queue.splice(0, countThrough(queue, throughId));
    });
  }

  private queue(partition: number, service: string): CommandEntry[] {
    const { queues } = this.store.partition(partition);
    let queue = queues.get(service);
    if (!queue) queues.set(service, (queue = []));
    return queue;
  }

  /** Grows even when the clock does not, or steps back. */
  private nextId(partition: number, service: string): string {
    const { lastCommandIds } = this.store.partition(partition);
    const last = lastCommandIds.get(service) ?? FIRST_ENTRY_ID;
    const byClock = `${this.limits.nowMs()}-0`;
    const id = compareEntryIds(byClock, last) > 0 ? byClock : entryIdAfter(last);
    lastCommandIds.set(service, id);
    return id;
  }
}

/** How many entries there are up to and including `id`. */
function countThrough(queue: readonly CommandEntry[], id: string): number {
  const index = queue.findIndex((entry) => compareEntryIds(entry.id, id) > 0);
  return index < 0 ? queue.length : index;
}
