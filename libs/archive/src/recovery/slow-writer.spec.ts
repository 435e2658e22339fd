import { waitUntil } from '@torch/testing';
import { unsigned } from '../archive.fixture';
import type { ArchiveDisk } from '../archive-disk';
import { ArchiveFence } from '../archive-fence';
import { NODE_DISK } from '../node-disk.adapter';
import { openArchive } from '../partition-archive';
import { commits, PARTITION, world } from './recovery.fixture';

describe('an archive that its writer is still writing to when the next keeper comes', () => {
  it('ends for both where the log was restored to, and what is written late is told to nobody', async () => {
    const { server, dir, recover, append, log } = await world();
    await recover();
    await append(commits(5));
    let goOn: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => (goOn = resolve));
    let isStuck = false;
    let isSlow = false;
    const slow: ArchiveDisk = {
      ...NODE_DISK,
      openToWrite: async (path) => {
        const file = await NODE_DISK.openToWrite(path);
        const write = async (bytes: Uint8Array, position: number): Promise<void> => {
          isStuck = isSlow;
          if (isSlow) await stuck;
          await file.write(bytes, position);
        };
        return {
          size: () => file.size(),
          read: (...at) => file.read(...at),
          write,
          truncate: (size) => file.truncate(size),
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
    };
    const told: number[] = [];
    const first = await openArchive({
      ...{ dir, partition: PARTITION, sign: unsigned, disk: slow },
      config: { groupMs: 0, lockStaleMs: 60 },
      onDurable: ({ seq }) => told.push(seq),
    });
    for (const entry of await server.log.read(PARTITION, 0, 100)) first.add(entry);
    await first.flush();
    const snapshot = server.store.snapshot();
    isSlow = true;
    await append(commits(3, 6));
    for (const entry of await server.log.read(PARTITION, 5, 100)) first.add(entry);
    await waitUntil(() => isStuck, { what: 'the write that takes long' });
    const closed = first.close();

    server.faults.restart({ snapshot });
    server.store.partition(PARTITION).leases.clear();
    const place = { dir, partition: PARTITION };
    const fence = await waitUntil(() => ArchiveFence.take({ place, staleMs: 60 }), { what: 'the archive to be free' });
    expect(await recover()).toMatchObject({ outcome: 'recovered', archived: { seq: 5 }, generation: 1 });
    await append(commits(1, 60));
    goOn();
    await closed;
    expect(told).toEqual([5]);
    const second = await openArchive({ ...place, sign: unsigned, fence });
    expect(second.durable.seq).toBe(5);
    for (const entry of await server.log.read(PARTITION, 5, 100)) second.add(entry);
    await second.flush();
    await second.close();
    server.faults.restart('whole');
    expect(await recover()).toMatchObject({ outcome: 'recovered', generation: 2 });
    expect((await log()).slice(5)).toEqual([
      expect.stringMatching(/^6-1 log.recovered/),
      '7-1 60',
      expect.stringMatching(/^8-2 log.recovered/),
    ]);
  });
});
