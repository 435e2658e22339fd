import type { Archived, ArchivedState } from '../gate';
import type { Lease, Signals } from '../log';
import { Fenced, LogRegressed } from '../log.errors';
import type { Position } from '../position';
import type { MemoryFaults } from './memory-faults';
import type { MemoryLeases } from './memory-leases';
import type { MemoryStore } from './memory-store';

export class MemoryArchived implements Archived {
  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
    private readonly signals: Signals,
    private readonly leases: MemoryLeases,
  ) {}

  async publish(lease: Lease, state: ArchivedState): Promise<void> {
    const { partition, service, holder, epoch } = lease;
    await this.faults.around('archived', partition, () => {
      const held = this.leases.heldNow(partition, service);
      if (held?.holder !== holder || held.epoch !== epoch) throw new Fenced(partition, service, epoch);
      this.assertThere(partition, state.position);
      this.store.partition(partition).archived = state;
    });
    await this.signals.publish(channelOf(partition), JSON.stringify(state));
  }

  /** What was trimmed off the beginning was there. */
  private assertThere(partition: number, position: Position): void {
    const { entries, head } = this.store.partition(partition);
    const first = entries[0]?.position.seq ?? head.seq + 1;
    if (position.seq < first && position.seq <= head.seq) return;
    const found = entries[position.seq - first]?.position;
    if (found?.generation !== position.generation) throw new LogRegressed(partition, position, head);
  }

  async get(partition: number): Promise<ArchivedState | undefined> {
    return this.faults.around('archived', partition, () => this.store.partition(partition).archived);
  }

  async listen(partition: number, receive: (state: ArchivedState) => void): Promise<() => Promise<void>> {
    return this.signals.listen(channelOf(partition), (text) => receive(JSON.parse(text) as ArchivedState));
  }
}

const channelOf = (partition: number): string => `archived:${partition}`;
