import type { Checks } from './subject';
import { LEASE_MS, PARTITION, SERVICE } from './writers';

export const leasesChecks: Checks = {
  'a free lease is given in epoch 1, and not to another while it is held': async ({ connect }) => {
    const { leases } = await connect();
    const lease = { partition: PARTITION, service: SERVICE, holder: 'a', epoch: 1 };
    expect(await leases.holder(PARTITION, SERVICE)).toBeUndefined();
    expect(await leases.acquire(PARTITION, SERVICE, 'a', LEASE_MS)).toEqual(lease);
    expect(await leases.acquire(PARTITION, SERVICE, 'b', LEASE_MS)).toBeUndefined();
    expect(await (await connect()).leases.holder(PARTITION, SERVICE)).toEqual(lease);
  },

  'a lease that runs out is given to the next, in a later epoch': async ({ connect, eventually }) => {
    const { leases } = await connect();
    const old = await leases.acquire(PARTITION, SERVICE, 'a', 40);
    const acquired: number[] = [];
    await eventually(async () => {
      const lease = await leases.acquire(PARTITION, SERVICE, 'b', LEASE_MS);
      if (lease) acquired.push(lease.epoch);
      return lease !== undefined;
    }, 'the standby takes over');
    expect(acquired).toEqual([2]);
    expect(await leases.renew(old!, LEASE_MS)).toBe(false);
    expect(await leases.holder(PARTITION, SERVICE)).toMatchObject({ holder: 'b', epoch: 2 });
  },

  'a renewed lease outlives its first term': async ({ connect, eventually }) => {
    const { leases } = await connect();
    const lease = await leases.acquire(PARTITION, SERVICE, 'a', 400);
    const other = await leases.acquire(PARTITION, 'registry', 'a', 400);
    expect(await leases.renew(lease!, LEASE_MS)).toBe(true);
    await eventually(async () => (await leases.holder(PARTITION, other!.service)) === undefined, 'the term of the other lease ends');
    expect(await leases.holder(PARTITION, SERVICE)).toEqual(lease);
    expect(await leases.renew(lease!, LEASE_MS)).toBe(true);
  },

  'who does not hold the lease can neither renew nor release it': async ({ connect }) => {
    const { leases } = await connect();
    const lease = await leases.acquire(PARTITION, SERVICE, 'a', LEASE_MS);
    for (const wrong of [
      { ...lease!, holder: 'b' },
      { ...lease!, epoch: 2 },
      { ...lease!, epoch: 0 },
    ]) {
      expect(await leases.renew(wrong, LEASE_MS)).toBe(false);
      await leases.release(wrong);
    }
    expect(await leases.renew({ ...lease!, partition: PARTITION + 1 }, LEASE_MS)).toBe(false);
    expect(await leases.renew({ ...lease!, service: 'registry' }, LEASE_MS)).toBe(false);
    expect(await leases.holder(PARTITION, SERVICE)).toEqual(lease);
  },

  'a lease that is released is free at once, and released again changes nothing': async ({ connect }) => {
    const { leases } = await connect();
    const old = await leases.acquire(PARTITION, SERVICE, 'a', LEASE_MS);
    await leases.release(old!);
    const next = await leases.acquire(PARTITION, SERVICE, 'b', LEASE_MS);
    expect(next).toMatchObject({ holder: 'b', epoch: 2 });
    await leases.release(old!);
    expect(await leases.holder(PARTITION, SERVICE)).toEqual(next);
  },

  'a holder that starts again gets its own lease in a later epoch, and the earlier one is over': async ({ connect }) => {
    const { leases } = await connect();
    const old = await leases.acquire(PARTITION, SERVICE, 'a|b', LEASE_MS);
    const again = await leases.acquire(PARTITION, SERVICE, 'a|b', LEASE_MS);
    expect(again).toMatchObject({ holder: 'a|b', epoch: 2 });
    expect(await leases.renew(old!, LEASE_MS)).toBe(false);
    expect(await leases.renew(again!, LEASE_MS)).toBe(true);
  },

  'of many that want a lease at once, exactly one gets it': async ({ connect }) => {
    const servers = [await connect(), await connect(), await connect()];
    const wanted = Array.from({ length: 30 }, (_, n) => servers[n % 3]!.leases.acquire(PARTITION, SERVICE, `holder-${n}`, LEASE_MS));
    const leases = (await Promise.all(wanted)).filter((lease) => lease !== undefined);
    expect(leases).toHaveLength(1);
    expect(await servers[0]!.leases.holder(PARTITION, SERVICE)).toEqual(leases[0]);
  },

  'epochs grow with every change of hands, separately for each service and partition': async ({ connect }) => {
    const { leases } = await connect();
    for (let epoch = 1; epoch <= 12; epoch++) {
      const lease = await leases.acquire(PARTITION, SERVICE, `holder-${epoch % 3}`, LEASE_MS);
      expect(lease).toMatchObject({ epoch });
      await leases.release(lease!);
    }
    expect(await leases.acquire(PARTITION, 'registry', 'a', LEASE_MS)).toMatchObject({ epoch: 1 });
    expect(await leases.acquire(PARTITION + 1, SERVICE, 'a', LEASE_MS)).toMatchObject({ epoch: 1 });
  },
};
