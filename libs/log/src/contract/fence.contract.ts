import { Fenced, LogRegressed } from '../log.errors';
import { formatPosition, START } from '../position';
import type { Checks } from './subject';
import { fenceOf, LEASE_MS, numbered, PARTITION, SERVICE, writer } from './writers';

/** What keeps a second writer, and a writer that has seen another log, from appending. */
export const fenceChecks: Checks = {
  'a writer whose lease another one took over is fenced and appends nothing': async ({ connect }) => {
    const old = await writer(await connect());
    await old.append('old');
    await old.server.leases.release(old.lease);
    const successor = await writer(await connect());
    await expect(old.append('late')).rejects.toThrow(Fenced);
    expect(await successor.append('new')).toEqual({ seq: 2, generation: 0 });
    await expect(old.append('later')).rejects.toThrow(Fenced);
    expect((await successor.server.log.read(PARTITION, 0, 10)).map(({ body }) => body)).toEqual(['old', 'new']);
  },

  'a writer is fenced in an earlier epoch of its own': async ({ connect }) => {
    const server = await connect();
    const old = await writer(server, SERVICE, 'one-holder');
    const again = await writer(server, SERVICE, 'one-holder');
    await expect(old.append('earlier epoch')).rejects.toThrow(Fenced);
    await again.append('later epoch');
  },

  'a writer is fenced once its lease has run out, although nobody else has taken it': async ({ connect, eventually }) => {
    const { leases, log } = await connect();
    const lease = await leases.acquire(PARTITION, SERVICE, 'sleeper', 40);
    if (!lease) throw new Error('The lease is not free.');
    await eventually(async () => (await leases.holder(PARTITION, SERVICE)) === undefined, 'the lease runs out');
    await expect(log.append(fenceOf(lease), ['late'])).rejects.toThrow(Fenced);
    expect(await log.head(PARTITION)).toEqual(START);
  },

  'of two writers that race for one service, only the holder of the lease gets in': async ({ connect }) => {
    const servers = [await connect(), await connect()];
    const leases = await Promise.all(servers.map(({ leases }, n) => leases.acquire(PARTITION, SERVICE, `holder-${n}`, LEASE_MS)));
    const [winner] = leases.filter((lease) => lease !== undefined);
    if (!winner) throw new Error('Nobody got the lease.');
    expect(leases.filter((lease) => lease === undefined)).toHaveLength(1);
    const fences = servers.map((_, n) => ({ ...fenceOf(winner), holder: `holder-${n}` }));
    const attempts = Array.from({ length: 40 }, (_, n) => ({ server: servers[n % 2]!, fence: fences[n % 2]! }));
    const outcomes = await Promise.allSettled(attempts.map(({ server, fence }) => server.log.append(fence, [fence.holder])));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Fenced);
    const bodies = (await servers[0]!.log.read(PARTITION, 0, 100)).map(({ body }) => body);
    expect(bodies).toEqual(Array.from({ length: 20 }, () => winner.holder));
  },

  'two services that write at once share one order, and the commits of one append stay together': async ({ connect }) => {
    const one = await writer(await connect(), 'scheduler');
    const two = await writer(await connect(), 'registry');
    const rounds = Array.from({ length: 30 }, (_, round) => round);
    const firsts = await Promise.all(
      rounds.flatMap((round) =>
        [one, two].map(({ server, lease }) =>
          server.log.append(
            fenceOf(lease),
            [0, 1, 2].map((n) => `${lease.service} ${round} ${n}`),
          ),
        ),
      ),
    );
    expect(firsts.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => 1 + 3 * n));
    const bodies = (await one.server.log.read(PARTITION, 0, 1000)).map(({ body }) => body);
    expect(bodies).toHaveLength(180);
    bodies.forEach((body, index) => expect(body).toBe(`${bodies[index - (index % 3)]!.slice(0, -2)} ${index % 3}`));
  },

  'an owner that has seen further than the log goes is told, and nothing is appended': async ({ connect, loseTail }) => {
    const owner = await writer(await connect());
    await owner.append(...numbered(5));
    const seen = await owner.server.log.head(PARTITION);
    await loseTail(PARTITION, 3);
    const attempt = owner.server.log.append(fenceOf(owner.lease, seen), ['behind a tail that is gone']);
    await expect(attempt).rejects.toThrow(LogRegressed);
    await expect(attempt).rejects.toMatchObject({ seen: { seq: 5, generation: 0 }, found: { seq: 3, generation: 0 } });
    expect(await owner.server.log.head(PARTITION)).toEqual({ seq: 3, generation: 0 });
  },

  'an owner that has seen a tail that another generation replaced is told, however long the log is': async ({ connect, loseTail }) => {
    const owner = await writer(await connect());
    await owner.append(...numbered(5));
    await loseTail(PARTITION, 3);
    const { log } = owner.server;
    await log.append(fenceOf(owner.lease, { seq: 3, generation: 0 }, 1), ['opens generation 1', 'e']);
    const seen = { seq: 5, generation: 0 };
    await expect(log.append(fenceOf(owner.lease, seen), ['same seq'])).rejects.toThrow(LogRegressed);
    await log.append(fenceOf(owner.lease, { seq: 5, generation: 1 }), ['f']);
    await expect(log.append(fenceOf(owner.lease, seen), ['older generation'])).rejects.toThrow(LogRegressed);
    await expect(log.append(fenceOf(owner.lease, seen, 1), ['not yet seen'])).rejects.toThrow(LogRegressed);
    expect(formatPosition(await log.head(PARTITION))).toBe('6-1');
  },

  'an owner that has seen less than the log holds appends behind its end': async ({ connect }) => {
    const { append, lease, server } = await writer(await connect());
    await append('a', 'b');
    expect(await server.log.append(fenceOf(lease, { seq: 1, generation: 0 }), ['c'])).toEqual({ seq: 3, generation: 0 });
  },

  'whoever is fenced is told so, even where the log has regressed too': async ({ connect, loseTail }) => {
    const old = await writer(await connect());
    await old.append('a', 'b');
    const seen = await old.server.log.head(PARTITION);
    await loseTail(PARTITION, 1);
    await old.server.leases.release(old.lease);
    await expect(old.server.log.append(fenceOf(old.lease, seen), ['late'])).rejects.toThrow(Fenced);
  },
};
