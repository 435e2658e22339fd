import { FakeClock } from '@torch/testing';
import { describeLogServer, fenceOf, numbered, PARTITION, SERVICE, writer } from '../contract';
import type { LogServerSubject } from '../contract';
import { Fenced, LogRegressed, LogUnavailable } from '../log.errors';
import { InMemoryLogServer } from './in-memory-log-server';

async function openInMemory(): Promise<LogServerSubject> {
  const time = new FakeClock();
  const server = new InMemoryLogServer({ nowMs: time.nowMs, startTimer: time.startTimer, cacheBytesMax: 1000 });
  const clients: InMemoryLogServer[] = [];
  return {
    connect: async (options) => {
      const client = server.connect(options);
      clients.push(client);
      return client;
    },
    eventually: async (condition, what) => {
      for (let polls = 0; polls < 1000; polls++) {
        if (await condition()) return;
        time.advance(10);
      }
      throw new Error(`${what}: not within 10 s.`);
    },
    removeEntry: async (partition, position) => server.faults.removeEntry(partition, position),
    loseTail: async (partition, lastSeq) => server.faults.loseTail(partition, lastSeq),
    dispose: async () => void (await Promise.all(clients.map((client) => client.close()))),
  };
}

describeLogServer('the in-memory log server', openInMemory);

describe('faults of the in-memory log server', () => {
  it('lose an append before it takes effect, or its answer after', async () => {
    const server = new InMemoryLogServer();
    const { append } = await writer(server);
    server.faults.failNext('append', 'before');
    await expect(append('lost')).rejects.toMatchObject({ name: 'LogUnavailable', outcomeUnknown: true });
    server.faults.failNext('append', 'after');
    await expect(append('there')).rejects.toMatchObject({ outcomeUnknown: true });
    expect((await server.log.read(PARTITION, 0, 10)).map(({ body }) => body)).toEqual(['there']);
    await append('next');
  });

  it('take the server away without effect, and tell when it is back', async () => {
    const server = new InMemoryLogServer();
    const other = server.connect();
    let returns = 0;
    server.onReconnect(() => returns++);
    other.onReconnect(() => returns++);
    server.faults.goAway();
    expect(await server.ping()).toBe(false);
    await expect(server.log.head(PARTITION)).rejects.toMatchObject({ name: 'LogUnavailable', outcomeUnknown: false });
    await other.close();
    server.faults.comeBack();
    expect(returns).toBe(1);
    expect(await server.ping()).toBe(true);
  });

  it('set the whole server back to an earlier moment', async () => {
    const server = new InMemoryLogServer();
    const owner = await writer(server);
    await owner.append(...numbered(2));
    const earlier = server.store.snapshot();
    const seen = await owner.append('lost with the crash');
    server.store.restore(earlier);
    await expect(server.log.append(fenceOf(owner.lease, seen), ['x'])).rejects.toThrow(LogRegressed);
    expect(await server.log.read(PARTITION, 0, 10)).toHaveLength(2);
  });

  it('are decided by an interceptor around every operation', async () => {
    const server = new InMemoryLogServer();
    const { append } = await writer(server);
    const seen: string[] = [];
    server.faults.intercept = (operation, phase, partition) => {
      seen.push(`${operation} ${phase} ${partition}`);
      if (operation === 'append' && phase === 'after') throw new LogUnavailable('cut', true);
    };
    await expect(append('x')).rejects.toThrow('cut');
    expect(seen).toEqual([
      `head before ${PARTITION}`,
      `head after ${PARTITION}`,
      `append before ${PARTITION}`,
      `append after ${PARTITION}`,
    ]);
  });

  it('fence an owner that an interceptor holds up for longer than its lease', async () => {
    const time = new FakeClock();
    const server = new InMemoryLogServer({ nowMs: time.nowMs, startTimer: time.startTimer });
    const old = await server.leases.acquire(PARTITION, SERVICE, 'old', 100);
    server.faults.intercept = async (operation, phase) => {
      if (operation !== 'append' || phase !== 'before') return;
      server.faults.intercept = undefined;
      time.advance(101);
      await server.leases.acquire(PARTITION, SERVICE, 'new', 100);
    };
    await expect(server.log.append(fenceOf(old!), ['held up'])).rejects.toThrow(Fenced);
  });
});
