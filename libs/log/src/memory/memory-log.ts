import { checkContiguity } from '../contiguity';
import { checkAppendSize } from '../entry-size';
import { type Fence, type Log, type LogEntry } from '../log';
import { Fenced, LogRegressed } from '../log.errors';
import type { Position } from '../position';
import { checkFence } from '../fence';
import type { MemoryFaults } from './memory-faults';
import type { MemoryGate } from './memory-gate';
import type { MemoryLeases } from './memory-leases';
import type { MemoryStore } from './memory-store';

export class MemoryLog implements Log {
  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
    private readonly leases: MemoryLeases,
    private readonly gate: MemoryGate,
  ) {}

  async append(fence: Fence, bodies: readonly string[]): Promise<Position> {
    checkFence(fence);
    checkAppendSize(bodies);
    return this.faults.around('append', fence.partition, () => {
      this.assertHeld(fence);
      this.gate.pass(fence.partition, 'append');
      return this.appendNow(fence, bodies);
    });
  }

  async read(partition: number, afterSeq: number, limit: number): Promise<readonly LogEntry[]> {
    return this.faults.around('read', partition, () => {
      this.gate.pass(partition, 'read');
      const { entries, head } = this.store.partition(partition);
      const start = firstIndexBehind(entries, afterSeq);
      const found = entries.slice(start, start + limit);
      checkContiguity({ partition, afterSeq, entries: found, headBefore: head });
      return found;
    });
  }

  async head(partition: number): Promise<Position> {
    return this.faults.around('head', partition, () => {
      this.gate.pass(partition, 'read');
      return this.store.partition(partition).head;
    });
  }

  async first(partition: number): Promise<Position | undefined> {
    return this.faults.around('first', partition, () => {
      this.gate.pass(partition, 'read');
      return this.store.partition(partition).entries[0]?.position;
    });
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

  async trimGuards(partition: number): Promise<ReadonlyMap<string, number>> {
    return this.faults.around('trimGuards', partition, () => new Map(this.store.partition(partition).trimGuard));
  }

  private assertHeld({ partition, service, holder, epoch }: Fence): void {
    const lease = this.leases.heldNow(partition, service);
    if (lease?.holder !== holder || lease.epoch !== epoch) throw new Fenced(partition, service, epoch);
  }

  private appendNow(fence: Fence, bodies: readonly string[]): Position {
    const data = this.store.partition(fence.partition);
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
