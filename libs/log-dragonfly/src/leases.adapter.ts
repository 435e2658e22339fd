import type { Lease, Leases } from '@torch/log';
import type { Connection } from './connection';
import type { Keys } from './keys';

/** A lease as its key holds it. */
export const leaseText = ({ holder, epoch }: Pick<Lease, 'holder' | 'epoch'>): string => `${holder}|${epoch}`;

export class LeasesAdapter implements Leases {
  constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
  ) {}

  async acquire(partition: number, service: string, holder: string, leaseMs: number): Promise<Lease | undefined> {
    const { lease, epoch } = this.keys.service(partition, service);
    const given = await this.connection.ask({ what: `acquire the lease of ${service} on partition ${partition}` }, (redis) =>
      redis.torchAcquire(lease, epoch, holder, leaseMs),
    );
    return given === null ? undefined : { partition, service, holder, epoch: Number(given) };
  }

  async renew(lease: Lease, leaseMs: number): Promise<boolean> {
    const renewed = await this.connection.ask({ what: `renew the lease of ${lease.service} on partition ${lease.partition}` }, (redis) =>
      redis.torchRenew(this.keys.service(lease.partition, lease.service).lease, leaseText(lease), leaseMs),
    );
    return renewed === 1;
  }

  async release(lease: Lease): Promise<void> {
    await this.connection.ask({ what: `release the lease of ${lease.service} on partition ${lease.partition}` }, (redis) =>
      redis.torchRelease(this.keys.service(lease.partition, lease.service).lease, leaseText(lease)),
    );
  }

  async holder(partition: number, service: string): Promise<Lease | undefined> {
    const held = await this.connection.ask({ what: `holder of ${service} on partition ${partition}` }, (redis) =>
      redis.get(this.keys.service(partition, service).lease),
    );
    const [, holder, epoch] = /^(.*)\|(\d+)$/s.exec(held ?? '') ?? [];
    return holder === undefined ? undefined : { partition, service, holder, epoch: Number(epoch) };
  }
}
