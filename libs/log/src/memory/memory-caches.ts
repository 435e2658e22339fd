import { checkCacheSize } from '../entry-size';
import type { Caches } from '../log';
import type { MemoryFaults } from './memory-faults';
import type { MemoryStore } from './memory-store';

export class MemoryCaches implements Caches {
  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
    readonly bytesMax: number,
  ) {}

  async get(partition: number, name: string): Promise<string | undefined> {
    return this.faults.around('getCache', partition, () => this.store.partition(partition).caches.get(name));
  }

  async set(partition: number, name: string, value: string): Promise<void> {
    checkCacheSize(name, value, this.bytesMax);
    await this.faults.around('setCache', partition, () => void this.store.partition(partition).caches.set(name, value));
  }
}
