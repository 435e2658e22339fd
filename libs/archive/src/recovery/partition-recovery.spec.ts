import { GateShut, LogUnavailable, START } from '@torch/log';
import { type World, world, PARTITION, commit, commits, recoveredEvent } from './recovery.fixture';

describe('a log that is new', () => {
  it('is opened as it is', async () => {
    const { recover, append, log } = await world();
    await expect(append(commits(1))).rejects.toThrow(GateShut);
    expect(await recover()).toMatchObject({ outcome: 'opened', restored: 0, generation: 0 });
    await append(commits(1));
    expect(await log()).toEqual(['1-0 1']);
  });

  it('is left alone once it is open', async () => {
    const { recover, append } = await world();
    await recover();
    await append(commits(2));
    expect(await recover()).toMatchObject({ outcome: 'already-open', restored: 0 });
  });
});

describe('a log server that comes back', () => {
  async function running(count: number, archivedThrough = count): Promise<World> {
    const torch = await world();
    await torch.recover();
    await torch.append(commits(count));
    await torch.archive(archivedThrough);
    return torch;
  }

  it('empty gets back all that is archived, under the same positions, and goes on in the next generation', async () => {
    const { server, recover, append, log } = await running(8);
    server.faults.restart('empty');
    expect(await recover()).toEqual({
      outcome: 'recovered',
      restored: 8,
      found: START,
      archived: { seq: 8, generation: 0 },
      generation: 1,
    });
    await append(commits(1, 9));
    expect(await log()).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `${i + 1}-0 ${i + 1}`),
      `9-1 ${recoveredEvent(9, '8-0')}`,
      '10-1 9',
    ]);
  });

  it('with an old snapshot gets back what came after it', async () => {
    const torch = await world();
    await torch.recover();
    await torch.append(commits(3));
    const snapshot = torch.server.store.snapshot();
    await torch.append(commits(4, 4));
    await torch.archive();
    torch.server.faults.restart({ snapshot });
    expect(await torch.recover()).toMatchObject({ restored: 4, found: { seq: 3, generation: 0 }, generation: 1 });
    expect((await torch.log()).slice(0, 7)).toEqual(Array.from({ length: 7 }, (_, i) => `${i + 1}-0 ${i + 1}`));
  });

  it('with all that it had goes on in the next generation too: nobody can know that it is all', async () => {
    const { server, recover, log } = await running(2);
    server.faults.restart();
    expect(await recover()).toMatchObject({ outcome: 'recovered', restored: 0, generation: 1 });
    expect((await log()).at(-1)).toBe(`3-1 ${recoveredEvent(3, '2-0')}`);
  });

  it('is taken on by the clock of this machine where it does not tell its time', async () => {
    const { server, recover } = await running(2);
    server.faults.restart();
    const beforeMs = Date.now();
    const refused = (): Promise<number> => Promise.reject(new Error('NOPERM'));
    expect(await recover({ tellsTime: refused })).toMatchObject({ outcome: 'recovered', generation: 1 });
    const [opened] = await server.log.read(PARTITION, 2, 1);
    const { recordedAtMs } = JSON.parse(opened?.body ?? '') as { recordedAtMs: number };
    expect(recordedAtMs).toBeGreaterThanOrEqual(beforeMs);
  });

  it('with more than is archived keeps that', async () => {
    const { server, recover, log } = await running(5, 3);
    server.faults.restart();
    expect(await recover()).toMatchObject({ restored: 0, generation: 1 });
    expect(await log()).toHaveLength(6);
  });

  it('without a tail that was never archived never gives its positions again', async () => {
    const { server, recover, append, log } = await running(5, 3);
    server.faults.restart('empty');
    await recover();
    await append(commits(2, 40));
    expect((await log()).slice(2)).toEqual(['3-0 3', `4-1 ${recoveredEvent(4, '3-0')}`, '5-1 40', '6-1 41']);
  });

  it('empty, before anything was archived, never gives a position again either', async () => {
    const { server, recover, append, log } = await world();
    await recover();
    await append(commits(2));
    server.faults.restart('empty');
    expect(await recover()).toMatchObject({ outcome: 'recovered', generation: 1 });
    expect(await log()).toEqual([`1-1 ${recoveredEvent(1, '0-0')}`]);
  });

  it('again and again counts on, whether or not anything was archived in between', async () => {
    const { server, recover } = await running(2);
    const generations: number[] = [];
    for (let life = 0; life < 4; life++) {
      server.faults.restart('empty');
      generations.push((await recover()).generation);
    }
    expect(generations).toEqual([1, 2, 3, 4]);
  });

  it('gives no epoch and no command id that the log has already', async () => {
    const torch = await world();
    await torch.recover();
    await torch.append([
      commit('a', { epoch: 6, entry: '50-1' }),
      commit('b', { epoch: 7, entry: '90-2' }),
      commit('c', { service: 'spawner', epoch: 4 }),
    ]);
    await torch.archive();
    torch.server.faults.restart('empty');
    await torch.recover();
    const { leases, store } = torch.server;
    expect(await leases.acquire(PARTITION, 'scheduler', 'next', 1000)).toMatchObject({ epoch: 8 });
    expect(await leases.acquire(PARTITION, 'spawner', 'next', 1000)).toMatchObject({ epoch: 5 });
    expect(store.partition(PARTITION).lastCommandIds.get('scheduler')).toBe('90-2');
  });
});

describe('a recovery that is interrupted', () => {
  const OPERATIONS = ['gate', 'mark', 'identity', 'head', 'first', 'read'] as const;

  it.each(OPERATIONS.flatMap((operation) => (['before', 'after'] as const).map((phase) => ({ operation, phase }))))(
    'is carried on to the same end: $operation fails $phase it took effect',
    async ({ operation, phase }) => {
      // What is read is compared: there is nothing to read where nothing was kept.
      const kept = operation === 'read' ? 'whole' : 'empty';
      let failed = true;
      // Until there is no such call any more that could fail.
      for (let nth = 1; failed; nth++) {
        const torch = await world();
        await torch.recover();
        await torch.append(commits(10));
        await torch.archive();
        torch.server.faults.restart(kept);
        let calls = 0;
        torch.server.faults.intercept = (called, at) => {
          if (called === operation && at === phase && ++calls === nth) throw new LogUnavailable('The connection was lost.', true);
        };
        await torch.recover().catch((error: Error) => expect(error).toBeInstanceOf(LogUnavailable));
        torch.server.faults.intercept = undefined;
        failed = calls >= nth;
        expect(failed || nth > 1).toBe(true);
        await torch.recover();
        const log = await torch.log();
        expect(log.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => `${i + 1}-0 ${i + 1}`));
        expect(log.slice(10)).toEqual([`11-1 ${recoveredEvent(11, seenIn(log[10]))}`]);
        expect((await torch.server.gate.state(PARTITION)).state).toBe('open');
        const lease = await torch.server.leases.acquire(PARTITION, 'scheduler', 'next', 1000);
        expect(lease?.epoch).toBe(kept === 'whole' ? undefined : 2); // Where all was kept, so was the lease.
      }
    },
  );

  /** Found in the log again by the second attempt, or still only in the archive. */
  const seenIn = (line = ''): string => /"seenPosition":"([\d-]+)"/.exec(line)?.[1] ?? '';
});

describe('a log that the archive contradicts', () => {
  async function forked(at: number): Promise<World> {
    const torch = await world();
    await torch.recover();
    await torch.append(commits(9));
    await torch.archive();
    const data = torch.server.store.partition(PARTITION);
    data.entries = data.entries.map((entry) =>
      entry.position.seq >= at ? { ...entry, body: commit(`fork ${entry.position.seq}`) } : entry,
    );
    torch.server.faults.restart();
    return torch;
  }

  it.each([1, 4, 9])('is refused with the first position that differs, and left as it is: %i', async (at) => {
    const torch = await forked(at);
    const before = await torch.log();
    const refused = torch.recover();
    await expect(refused).rejects.toThrow(GateShut);
    await expect(refused).rejects.toThrow(new RegExp(`another history.*differ first at ${at}-0.*Nothing was changed`, 's'));
    expect(await torch.log()).toEqual(before);
    await expect(torch.append(commits(1))).rejects.toThrow(/stays shut/);
  });

  it('is found by its newest entries even where only those are compared', async () => {
    const torch = await forked(4);
    await expect(torch.recover({ compareEntriesMax: 2 })).rejects.toThrow(/differ first at 4-0/);
  });

  it('is looked at again, and let in once it is the right one', async () => {
    const torch = await forked(4);
    await expect(torch.recover()).rejects.toThrow(GateShut);
    torch.server.store.partition(PARTITION).entries = [];
    torch.server.store.partition(PARTITION).head = START;
    expect(await torch.recover()).toMatchObject({ outcome: 'recovered', restored: 9 });
  });

  it('is refused when it is another log altogether', async () => {
    const torch = await world();
    await torch.recover();
    await torch.append(commits(2));
    await torch.archive();
    torch.server.faults.restart();
    torch.server.store.identity = { partitions: 8, logId: 'another-log' };
    await expect(torch.recover()).rejects.toThrow(/another log \(another-log\).*\(the-log\)/);
  });

  it('is refused when what comes between the two is nowhere', async () => {
    const torch = await world();
    await torch.recover();
    await torch.append(commits(9));
    await torch.archive(3);
    const data = torch.server.store.partition(PARTITION);
    data.entries = data.entries.filter(({ position }) => position.seq > 6);
    torch.server.faults.restart();
    await expect(torch.recover()).rejects.toThrow(/begins at 7-0 and the archive ends at 3-0/);
  });

  it('is refused when nothing of its beginning is archived', async () => {
    const torch = await world();
    await torch.recover();
    await torch.append(commits(9));
    const data = torch.server.store.partition(PARTITION);
    data.entries = data.entries.filter(({ position }) => position.seq > 6);
    torch.server.faults.restart();
    await expect(torch.recover()).rejects.toThrow(/begins at 7-0 and nothing of it is archived/);
  });
});
