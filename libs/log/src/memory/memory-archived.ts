import type { Archived, ArchivedState } from '../gate';
import type { Signals } from '../log';
import type { MemoryFaults } from './memory-faults';
import type { MemoryStore } from './memory-store';

export class MemoryArchived implements Archived {
  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
    private readonly signals: Signals,
  ) {}

  async publish(partition: number, state: ArchivedState): Promise<void> {
    await this.faults.around('archived', partition, () => void (this.store.partition(partition).archived = state));
    await this.signals.publish(channelOf(partition), JSON.stringify(state));
  }

  async get(partition: number): Promise<ArchivedState | undefined> {
    return this.faults.around('archived', partition, () => this.store.partition(partition).archived);
  }

  async listen(partition: number, receive: (state: ArchivedState) => void): Promise<() => Promise<void>> {
    return this.signals.listen(channelOf(partition), (text) => receive(JSON.parse(text) as ArchivedState));
  }
}

const channelOf = (partition: number): string => `archived:${partition}`;
