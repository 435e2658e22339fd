import { checkContiguity } from '../contiguity';
import { checkAppendSize } from '../entry-size';
import { type Fence, type Log, type LogEntry } from '../log';
import { Fenced, LogRegressed } from '../log.errors';
import type { Position } from '../position';
import { checkFence } from '../fence';
import type { MemoryFaults } from './memory-faults';
import type { MemoryLeases } from './memory-leases';
import type { MemoryStore } from './memory-store';

export class MemoryLog implements Log {
  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
    private readonly leases: MemoryLeases,
  ) {}

  async append(fence: Fence, bodies: readonly string[]): Promise<Position> {
    checkFence(fence);
    checkAppendSize(bodies);
    return this.faults.around('append', fence.partition, () => this.appendNow(fence, bodies));
  }

  async read(partition: number, afterSeq: number, limit: number): Promise<readonly LogEntry[]> {
    return this.faults.around('read', partition, () => {
      const { entries, head } = this.store.partition(partition);
      const start = firstIndexBehind(entries, afterSeq);
      const found = entries.slice(start, start + limit);
      checkContiguity({ partition, afterSeq, entries: found, headBefore: head });
      return found;
    });
  }

  async head(partition: number): Promise<Position> {
    return this.faults.around('head', partition, () => this.store.partition(partition).head);
  }

  async first(partition: number): Promise<Position | undefined> {
    return this.faults.around('first', partition, () => this.store.partition(partition).entries[0]?.position);
  }

  async trim(partition: number, belowSeq: number): Promise<void> {
    await this.faults.around('trim', partition, () => {
      const data = this.store.partition(partition);
      const guard = data.trimGuard.size === 0 ? 0 : Math.min(...data.trimGuard.values());
      if (belowSeq > guard) {
        throw new RangeError(`Partition ${partition} of the log cannot be trimmed below ${belowSeq}: ${guard} is still needed.`);
      }
      data.entries = data.entries.filter(({ position }) => position.seq >= belowSeq);
    });
  }

  async setTrimGuard(partition: number, reader: string, seq: number): Promise<void> {
    await this.faults.around('setTrimGuard', partition, () => void this.store.partition(partition).trimGuard.set(reader, seq));
  }

  private appendNow(fence: Fence, bodies: readonly string[]): Position {
    const data = this.store.partition(fence.partition);
    const lease = this.leases.heldNow(fence.partition, fence.service);
    if (lease?.holder !== fence.holder || lease.epoch !== fence.epoch) throw new Fenced(fence.partition, fence.service, fence.epoch);
    if (data.head.seq < fence.seen.seq || data.head.generation !== fence.seen.generation) {
      throw new LogRegressed(fence.partition, fence.seen, data.head);
    }
    const first = { seq: data.head.seq + 1, generation: fence.generation };
    bodies.forEach((body, index) => {
      data.head = { seq: first.seq + index, generation: fence.generation };
      data.entries.push({ position: data.head, body });
    });
    this.store.changed();
    return first;
  }
}

/** Binary search: entries are in order, but may have been trimmed or damaged. */
function firstIndexBehind(entries: readonly LogEntry[], afterSeq: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as LogEntry).position.seq <= afterSeq) low = middle + 1;
    else high = middle;
  }
  return low;
}
