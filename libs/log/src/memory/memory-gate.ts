import { compareEntryIds } from '../entry-id';
import { type Gate, type GateOpening, type GateRole, type GateState, needsOpenGate, type ServiceMark } from '../gate';
import type { Lease, LogEntry } from '../log';
import { Fenced, GateShut, LogRegressed } from '../log.errors';
import { type Position, samePosition } from '../position';
import type { MemoryFaults } from './memory-faults';
import type { MemoryLeases } from './memory-leases';
import type { MemoryStore } from './memory-store';

export class MemoryGate implements Gate {
  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
    private readonly leases: MemoryLeases,
    private readonly role: GateRole,
  ) {}

  async state(partition: number): Promise<GateState> {
    return this.faults.around('gate', partition, () => this.stateNow(partition));
  }

  async restore(lease: Lease, _incarnation: string, entries: readonly LogEntry[], { afresh = false } = {}): Promise<void> {
    await this.change(lease, () => {
      const data = this.store.partition(lease.partition);
      if (this.stateNow(lease.partition).state === 'open') throw new RangeError(`The gate of partition ${lease.partition} is open.`);
      const [first] = entries;
      if (!first) return;
      const isNext = afresh ? data.head.seq < first.position.seq : data.head.seq === first.position.seq - 1;
      if (!isNext) throw new LogRegressed(lease.partition, first.position, data.head);
      if (afresh) data.entries = [];
      data.entries.push(...entries);
      data.head = entries.at(-1)?.position ?? data.head;
    });
  }

  async mark(lease: Lease, marks: readonly ServiceMark[]): Promise<void> {
    await this.change(
      lease,
      () => {
        const { epochs, leases, lastCommandIds } = this.store.partition(lease.partition);
        for (const { service, epoch, entry } of marks) {
          if (epoch > (epochs.get(service) ?? 0)) {
            epochs.set(service, epoch);
            if (service !== lease.service) leases.delete(service);
          }
          const last = lastCommandIds.get(service);
          if (last === undefined || compareEntryIds(entry, last) > 0) lastCommandIds.set(service, entry);
        }
      },
      'mark',
    );
  }

  async open(lease: Lease, incarnation: string, { head, recovered }: GateOpening): Promise<void> {
    await this.change(lease, () => {
      const data = this.store.partition(lease.partition);
      if (data.gate?.incarnation === incarnation && data.gate.refused === undefined) return;
      if (!samePosition(data.head, head)) throw new LogRegressed(lease.partition, head, data.head);
      if (recovered) {
        data.head = { seq: head.seq + 1, generation: recovered.generation };
        data.entries.push({ position: data.head, body: recovered.body });
      }
      data.gate = { incarnation };
    });
    this.store.changed();
  }

  async refuse(lease: Lease, incarnation: string, reason: string): Promise<void> {
    await this.change(lease, () => void (this.store.partition(lease.partition).gate = { incarnation, refused: reason }));
  }

  /** @throws GateShut for a client that waits for it. */
  pass(partition: number, toDo: 'read' | 'append'): void {
    if (!needsOpenGate(this.role, toDo)) return;
    const { state, reason } = this.stateNow(partition);
    if (state !== 'open') throw new GateShut(partition, reason);
  }

  private stateNow(partition: number): GateState {
    const { incarnation } = this.store;
    const { gate } = this.store.partition(partition);
    if (gate?.incarnation !== incarnation) return { incarnation, state: 'shut' };
    return gate.refused === undefined ? { incarnation, state: 'open' } : { incarnation, state: 'refused', reason: gate.refused };
  }

  private async change(lease: Lease, effect: () => Position | void, operation: 'gate' | 'mark' = 'gate'): Promise<void> {
    await this.faults.around(operation, lease.partition, () => {
      const held = this.leases.heldNow(lease.partition, lease.service);
      if (held?.holder !== lease.holder || held.epoch !== lease.epoch) throw new Fenced(lease.partition, lease.service, lease.epoch);
      effect();
    });
  }
}
