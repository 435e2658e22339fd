import { GateShut, type Lease, type LogServer, START } from '@torch/log';
import { startLogServer, type TestLogServer, waitUntil } from '@torch/testing';
import { Redis } from 'ioredis';
import { connectLogServer } from './dragonfly-log-server';
import { incarnationOf } from './gate.watch';

const PARTITION = 1;

let logServer: TestLogServer;
let keeper: LogServer;
let guarded: LogServer;
beforeEach(async () => {
  logServer = await startLogServer({ appendfsync: 'always' });
  keeper = await connectLogServer({ url: logServer.url, gate: 'keeper' });
  await keeper.identity({ partitions: 4, logId: 'the-log' });
  guarded = await connectLogServer({ url: logServer.url, gate: 'guarded' });
});
afterEach(async () => {
  await Promise.all([keeper.close(), guarded.close()]);
  await logServer.stop();
});

async function lease(service: string): Promise<Lease> {
  return (await keeper.leases.acquire(PARTITION, service, 'holder', 60_000)) as Lease;
}

const isBack = () =>
  waitUntil(() => Promise.all([keeper.ping(), guarded.ping()]).then((there) => there.every(Boolean)), { what: 'both are back' });

async function open(): Promise<void> {
  const { incarnation } = await keeper.gate.state(PARTITION);
  await keeper.gate.open(await lease('audit'), incarnation, { head: await keeper.log.head(PARTITION) });
}

describe('a log server that is started again with all its data', () => {
  it('has its gates shut, for those that were connected too, until they are opened for its new life', async () => {
    await open();
    const scheduler = await lease('scheduler');
    await guarded.log.append({ ...scheduler, seen: START, generation: 0 }, ['before']);
    const { incarnation } = await keeper.gate.state(PARTITION);
    await logServer.restart();
    await isBack();
    expect(await keeper.gate.state(PARTITION)).toMatchObject({ state: 'shut' });
    expect((await keeper.gate.state(PARTITION)).incarnation).not.toBe(incarnation);
    await expect(guarded.log.read(PARTITION, 0, 1)).rejects.toThrow(GateShut);
    await expect(guarded.log.append({ ...scheduler, seen: { seq: 1, generation: 0 }, generation: 0 }, ['after'])).rejects.toThrow(GateShut);
    expect(await keeper.log.head(PARTITION)).toEqual({ seq: 1, generation: 0 });
    await open();
    expect(await guarded.log.read(PARTITION, 0, 10)).toMatchObject([{ body: 'before' }]);
  });
});

describe('a log server that comes back empty', () => {
  it('is not created anew by those who wait for the gate', async () => {
    await open();
    await logServer.restart('empty');
    await isBack();
    await expect(guarded.partitions(4)).rejects.toThrow(/audit creates it, or restores it/);
    await expect(guarded.log.head(PARTITION)).rejects.toThrow(GateShut);
    expect(await keeper.identity({ partitions: 8, logId: 'the-log' })).toEqual({ partitions: 8, logId: 'the-log' });
  });
});

describe('the life of a log server', () => {
  it('is told by its run_id, and where it has none by its replication id', () => {
    expect(incarnationOf('redis_version:7.0.15\r\nrun_id:0a1b\r\n', 'role:master\r\nmaster_replid:ff00\r\n')).toBe('0a1b');
    expect(incarnationOf('dragonfly_version:df-v1.40.1\r\n', 'role:master\r\nmaster_replid:ff00\r\n')).toBe('ff00');
    expect(() => incarnationOf('', '')).toThrow(RangeError);
  });
});

describe('a replica', () => {
  it('confirms what it has, in one round for all who wait', async () => {
    const replica = await startLogServer({ appendfsync: 'none' });
    const redis = new Redis(replica.url, { protocol: 2 });
    try {
      await redis.replicaof('127.0.0.1', logServer.port);
      await waitUntil(async () => (await keeper.replicas(1, 200)) === 1, { what: 'the replica follows' });
      expect(await Promise.all([keeper.replicas(1, 1000), keeper.replicas(1, 1000), keeper.replicas(1, 1000)])).toEqual([1, 1, 1]);
      replica.pause();
      expect(await keeper.replicas(1, 50)).toBe(0);
      replica.resume();
    } finally {
      await redis.quit();
      await replica.stop();
    }
  });
});
