import { type LogServer, LogUnavailable } from '@torch/log';
import { fenceOf, numbered, PARTITION, SERVICE, writer } from '@torch/log/contract';
import { startLogServer, startTcpProxy, type TestLogServer, waitUntil } from '@torch/testing';
import { Redis } from 'ioredis';
import { connectLogServer } from './dragonfly-log-server';

const REQUEST_MS = 400;

let server: TestLogServer;
let clients: LogServer[];
beforeEach(async () => {
  server = await startLogServer({ appendfsync: 'always' });
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.stop();
});

async function connect(url = server.url): Promise<LogServer> {
  const client = await connectLogServer({ url, requestMs: REQUEST_MS });
  clients.push(client);
  return client;
}

const isBack = (client: LogServer) => waitUntil(() => client.ping(), { what: 'the client is connected again' });
const isLost = (client: LogServer) => waitUntil(async () => !(await client.ping()), { what: 'the client has noticed' });
const bodiesOf = async ({ log }: LogServer) => (await log.read(PARTITION, 0, 1000)).map(({ body }) => body);
const outcomeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'done',
    (error: unknown) => (error instanceof LogUnavailable ? (error.outcomeUnknown ? 'unknown' : 'not done') : error),
  );

describe('an append during which the server is killed', () => {
  it('has an unknown outcome, and none of it is there when the server had not read it', async () => {
    const owner = await writer(await connect());
    await owner.append('before');
    const seen = await owner.server.log.head(PARTITION);
    server.pause();
    const outcome = outcomeOf(owner.server.log.append(fenceOf(owner.lease, seen), numbered(3)));
    await server.kill();
    expect(await outcome).toBe('unknown');
    await server.restart();
    await isBack(owner.server);
    expect(await bodiesOf(owner.server)).toEqual(['before']);
    expect(await owner.append('after')).toEqual({ seq: 2, generation: 0 });
  });

  it('has an unknown outcome, and all of it is there when only its answer was lost', async () => {
    const proxy = await startTcpProxy(server.port);
    const owner = await writer(await connect(`redis://127.0.0.1:${proxy.port}`));
    const witness = await connect();
    await owner.append('before');
    const seen = await witness.log.head(PARTITION);
    proxy.loseAnswers();
    const outcome = outcomeOf(owner.server.log.append(fenceOf(owner.lease, seen), numbered(3)));
    await waitUntil(async () => (await witness.log.head(PARTITION)).seq === 4, { what: 'the append has taken effect' });
    await server.kill();
    expect(await outcome).toBe('unknown');
    proxy.cut();
    await server.restart();
    await isBack(owner.server);
    expect((await owner.server.log.read(PARTITION, seen.seq, 10)).map(({ body }) => body)).toEqual(numbered(3));
    expect(await owner.append('after')).toEqual({ seq: 5, generation: 0 });
    await owner.server.close();
    await proxy.close();
  });

  it('is not sent again by the client when it is back', async () => {
    const proxy = await startTcpProxy(server.port);
    const owner = await writer(await connect(`redis://127.0.0.1:${proxy.port}`));
    proxy.loseAnswers();
    const outcome = outcomeOf(owner.server.log.append(fenceOf(owner.lease), ['once']));
    const witness = await connect();
    await waitUntil(async () => (await witness.log.head(PARTITION)).seq === 1, { what: 'the append has taken effect' });
    proxy.cut();
    expect(await outcome).toBe('unknown');
    await isBack(owner.server);
    expect(await bodiesOf(owner.server)).toEqual(['once']);
    await owner.server.close();
    await proxy.close();
  });
});

describe('a server that does not answer', () => {
  it('makes an append fail in time, its outcome unknown, and known again when it answers', async () => {
    const owner = await writer(await connect());
    server.pause();
    const startedAtMs = performance.now();
    expect(await outcomeOf(owner.server.log.append(fenceOf(owner.lease), ['late']))).toBe('unknown');
    expect(performance.now() - startedAtMs).toBeLessThan(REQUEST_MS * 3);
    expect(await owner.server.ping()).toBe(false);
    server.resume();
    await isBack(owner.server);
    expect(await bodiesOf(owner.server)).toEqual(['late']);
  });

  it('lets a client close in time', async () => {
    const client = await connect();
    const waiter = client.waiter();
    const waiting = waiter.wait({ partition: PARTITION, afterSeq: 0 });
    await client.signals.listen('replies:a', () => undefined);
    server.pause();
    const startedAtMs = performance.now();
    await client.close();
    await waiting;
    expect(performance.now() - startedAtMs).toBeLessThan(1500);
  });
});

describe('a server that is not there', () => {
  it('makes everything fail at once, and nothing of it is done later', async () => {
    const owner = await writer(await connect());
    await server.kill();
    await isLost(owner.server);
    const startedAtMs = performance.now();
    const { log, leases, commands, caches, signals } = owner.server;
    const attempts = [
      log.append(fenceOf(owner.lease), ['lost']),
      log.read(PARTITION, 0, 1),
      leases.renew(owner.lease, 1000),
      commands.send(PARTITION, SERVICE, 'lost'),
      caches.set(PARTITION, 'a', 'lost'),
      signals.publish('replies:a', 'lost'),
    ];
    expect(await Promise.all(attempts.map(outcomeOf))).toEqual(attempts.map(() => 'not done'));
    expect(performance.now() - startedAtMs).toBeLessThan(REQUEST_MS);
    await server.restart();
    await isBack(owner.server);
    expect(await bodiesOf(owner.server)).toEqual([]);
    expect(await commands.read(PARTITION, SERVICE, '0-0', 1)).toEqual([]);
    expect(await caches.get(PARTITION, 'a')).toBeUndefined();
  });

  it('is waited for only as long as the caller says, when it has never been there', async () => {
    await server.kill();
    const startedAtMs = performance.now();
    await expect(connectLogServer({ url: server.url, connectMs: 200 })).rejects.toMatchObject({
      name: 'LogUnavailable',
      outcomeUnknown: false,
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(performance.now() - startedAtMs).toBeLessThan(1500);
  });
});

describe('a server that comes back', () => {
  it('is announced before anything else is sent, and has kept leases, epochs and commands', async () => {
    const owner = await writer(await connect());
    await owner.append('kept');
    await owner.server.commands.send(PARTITION, SERVICE, 'kept too');
    const announced: string[] = [];
    owner.server.onReconnect(() => {
      announced.push('back');
      void outcomeOf(owner.server.leases.holder(PARTITION, SERVICE)).then((outcome) =>
        announced.push(`asked while it is announced: ${String(outcome)}`),
      );
    });
    await server.kill();
    await isLost(owner.server);
    expect(announced).toEqual([]);
    await server.restart();
    await isBack(owner.server);
    expect(announced).toEqual(['back', 'asked while it is announced: not done']);
    expect(await owner.server.leases.renew(owner.lease, 60_000)).toBe(true);
    expect(await owner.append('goes on')).toEqual({ seq: 2, generation: 0 });
    expect(await owner.server.commands.read(PARTITION, SERVICE, '0-0', 10)).toHaveLength(1);
    await owner.server.leases.release(owner.lease);
    expect(await owner.server.leases.acquire(PARTITION, SERVICE, 'next', 1000)).toMatchObject({ epoch: owner.lease.epoch + 1 });
  });

  it('is listened to again on every channel', async () => {
    const client = await connect();
    const received: string[] = [];
    await client.signals.listen('replies:a', (body) => received.push(`a ${body}`));
    await client.signals.listen('replies:b', (body) => received.push(`b ${body}`));
    const stop = await client.signals.listen('replies:c', (body) => received.push(`c ${body}`));
    await server.kill();
    await isLost(client);
    await stop();
    await server.restart();
    await isBack(client);
    await waitUntil(async () => (await client.signals.publish('replies:b', 'again')) === 1, { what: 'the channel is listened to' });
    expect(await client.signals.publish('replies:a', 'again')).toBe(1);
    expect(await client.signals.publish('replies:c', 'again')).toBe(0);
    await waitUntil(() => received.length >= 2, { what: 'both are received' });
    expect(received.sort()).toEqual(['a again', 'b again']);
  });

  it('is listened to on a channel that was asked for while it was away', async () => {
    const client = await connect();
    await client.signals.listen('replies:a', () => undefined);
    await server.kill();
    await isLost(client);
    await expect(client.signals.listen('replies:b', () => undefined)).rejects.toThrow(LogUnavailable);
    const listening = client.signals.listen('replies:b', () => undefined).catch(() => client.signals.listen('replies:b', () => undefined));
    await server.restart();
    await listening.catch(() => client.signals.listen('replies:b', () => undefined));
    await isBack(client);
    expect(await client.signals.publish('replies:b', 'hello')).toBe(1);
  });

  it('wakes those who wait on it; while it is away they neither hang nor spin', async () => {
    const owner = await writer(await connect());
    const waiter = (await connect()).waiter();
    let waits = 0;
    let waiting = true;
    const loop = (async () => {
      for (; waiting; waits++) await waiter.wait({ partition: PARTITION, afterSeq: 0 });
    })();
    await server.kill();
    const startedAtMs = performance.now();
    await waitUntil(() => performance.now() - startedAtMs > 1000, { what: 'a second passes', everyMs: 50 });
    expect(waits).toBeLessThan(10);
    waiting = false;
    await server.restart();
    await isBack(owner.server);
    await loop;
    await owner.append('there');
    await waiter.wait({ partition: PARTITION, afterSeq: 0 });
  });
});

describe('a server that refuses', () => {
  let raw: Redis;
  beforeEach(() => void (raw = new Redis(server.url, { protocol: 2 })));
  afterEach(() => raw.disconnect());

  it('to run a script that it has forgotten is sent it again', async () => {
    const { append, server: client } = await writer(await connect());
    await append('a');
    await raw.script('FLUSH');
    await append('b');
    expect(await bodiesOf(client)).toEqual(['a', 'b']);
  });

  it('to write without memory has not appended, and does so once there is some', async () => {
    const { append, server: client } = await writer(await connect());
    await raw.config('SET', 'maxmemory', '1mb');
    await expect(append('a', 'b')).rejects.toMatchObject({ name: 'LogUnavailable', outcomeUnknown: false });
    await raw.config('SET', 'maxmemory', '0');
    expect(await bodiesOf(client)).toEqual([]);
    await append('a', 'b');
  });

  it('to write because it has become a replica has not appended, and the client connects again', async () => {
    const { append, server: client } = await writer(await connect());
    await append('a');
    await raw.replicaof('127.0.0.1', 1);
    await expect(append('b')).rejects.toMatchObject({ name: 'LogUnavailable', outcomeUnknown: false });
    await raw.replicaof('NO', 'ONE');
    await isBack(client);
    await append('c');
    expect(await bodiesOf(client)).toEqual(['a', 'c']);
  });

  it('a wrong password says so, and not which', async () => {
    await raw.config('SET', 'requirepass', 'the-right-one');
    const url = server.url.replace('redis://', 'redis://:a-wrong-one@');
    const attempt = connectLogServer({ url, connectMs: 300 });
    await expect(attempt).rejects.toThrow(/WRONGPASS/);
    await expect(attempt).rejects.not.toThrow(/a-wrong-one/);
    const client = await connect(server.url.replace('redis://', 'redis://:the-right-one@'));
    expect(await client.ping()).toBe(true);
  });
});

describe('a client that is closed', () => {
  it('leaves no connection and no timer, and refuses what is asked later', async () => {
    const raw = new Redis(server.url, { protocol: 2 });
    await raw.ping();
    const connections = async () => ((await raw.client('LIST')) as string).split('\n').filter((line) => line.includes('name=torch')).length;
    const client = await connect();
    const waiting = client.waiter().wait({ partition: PARTITION, afterSeq: 0 });
    await client.signals.listen('replies:a', () => undefined);
    await waitUntil(async () => (await connections()) === 3, { what: 'three connections are open' });
    await client.close();
    await waiting;
    await waitUntil(async () => (await connections()) === 0, { what: 'all of them are closed' });
    expect(await outcomeOf(client.log.head(PARTITION))).toBe('not done');
    expect(await outcomeOf(client.signals.listen('replies:a', () => undefined))).toBe('not done');
    expect(() => client.waiter()).toThrow(LogUnavailable);
    expect(await client.ping()).toBe(false);
    raw.disconnect();
  });
});
