import type { Lease, Leases } from '../log';
import type { MemoryFaults } from './memory-faults';
import type { HeldLease, MemoryStore } from './memory-store';

export class MemoryLeases implements Leases {
  constructor(
    private readonly store: MemoryStore,
    private readonly faults: MemoryFaults,
    private readonly nowMs: () => number,
  ) {}

  async acquire(partition: number, service: string, holder: string, leaseMs: number): Promise<Lease | undefined> {
    return this.faults.around('acquire', partition, () => {
      const held = this.heldNow(partition, service);
      if (held && held.holder !== holder) return undefined;
      const { epochs, leases } = this.store.partition(partition);
      const epoch = (epochs.get(service) ?? 0) + 1;
      epochs.set(service, epoch);
      leases.set(service, { holder, epoch, untilMs: this.nowMs() + leaseMs });
      return { partition, service, holder, epoch };
    });
  }

  async renew(lease: Lease, leaseMs: number): Promise<boolean> {
    return this.faults.around('renew', lease.partition, () => {
      if (!this.isHeld(lease)) return false;
      const { leases } = this.store.partition(lease.partition);
      leases.set(lease.service, { holder: lease.holder, epoch: lease.epoch, untilMs: this.nowMs() + leaseMs });
      return true;
    });
  }

  async release(lease: Lease): Promise<void> {
    await this.faults.around('release', lease.partition, () => {
      if (this.isHeld(lease)) this.store.partition(lease.partition).leases.delete(lease.service);
    });
  }

  async holder(partition: number, service: string): Promise<Lease | undefined> {
    return this.faults.around('holder', partition, () => {
      const held = this.heldNow(partition, service);
      return held && { partition, service, holder: held.holder, epoch: held.epoch };
    });
  }

  /** The lease that has not run out. */
  heldNow(partition: number, service: string): HeldLease | undefined {
    const held = this.store.partition(partition).leases.get(service);
    return held && held.untilMs > this.nowMs() ? held : undefined;
  }

  private isHeld({ partition, service, holder, epoch }: Lease): boolean {
    const held = this.heldNow(partition, service);
    return held?.holder === holder && held.epoch === epoch;
  }
}
