import { formatPosition, LogRegressed } from '@torch/log';
import { fenceOf, PARTITION, type Writer, writer } from '@torch/log/contract';
import { startLogServer, type TestLogServer } from '@torch/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { DragonflyLogServer } from './dragonfly-log-server';
import { Keys } from './keys';
import { SCRIPTS } from './scripts';

let server: TestLogServer;
let raw: Redis;
beforeAll(async () => {
  server = await startLogServer();
  raw = new Redis(server.url, { protocol: 2 });
});
afterAll(async () => {
  await raw.quit();
  await server.stop();
});

const REFUSED = 'the server refuses this one';
/** As a server that has no memory left: it refuses one of the commits. */
const refusing = SCRIPTS.append.replace(
  "redis.pcall('XADD', KEYS[1], position(seq, generation)",
  `redis.pcall('XADD', KEYS[1], commit == '${REFUSED}' and '0-0' or position(seq, generation)`,
);

let owner: Writer;
let keys: Keys;
beforeEach(async () => {
  const prefix = `torch-test-${randomUUID()}:`;
  keys = new Keys(prefix);
  owner = await writer(await DragonflyLogServer.connect({ url: server.url, prefix, scripts: { ...SCRIPTS, append: refusing } }));
});
afterEach(async () => owner.server.close());

const bodies = async (): Promise<string[]> =>
  (await owner.server.log.read(PARTITION, 0, 100)).map(({ position, body }) => `${formatPosition(position)} ${body}`);

describe('a log whose last commits came without their head, as on a promoted replica', () => {
  beforeEach(async () => {
    await owner.append('a', 'b', 'c');
    await raw.set(keys.head(PARTITION), '1-0');
  });

  it('is appended to behind its last commit, by an owner that has seen it', async () => {
    expect(await owner.server.log.append(fenceOf(owner.lease, { seq: 3, generation: 0 }), ['d'])).toEqual({ seq: 4, generation: 0 });
    expect(await raw.get(keys.head(PARTITION))).toBe('4-0');
    expect(await bodies()).toEqual(['1-0 a', '2-0 b', '3-0 c', '4-0 d']);
  });

  it('is appended to behind its last commit, by an owner that has seen less', async () => {
    expect(await owner.server.log.append(fenceOf(owner.lease, { seq: 1, generation: 0 }), ['d', 'e'])).toEqual({ seq: 4, generation: 0 });
    expect(await bodies()).toEqual(['1-0 a', '2-0 b', '3-0 c', '4-0 d', '5-0 e']);
  });

  it('ends at its last commit, for readers too', async () => {
    expect(await owner.server.log.head(PARTITION)).toEqual({ seq: 3, generation: 0 });
    expect(await owner.server.log.read(PARTITION, 3, 10)).toEqual([]);
    await expect(owner.server.log.read(PARTITION, 4, 10)).rejects.toThrow(LogRegressed);
  });

  it('has regressed for an owner of another generation, also when only the log itself says so', async () => {
    await raw.xadd(keys.log(PARTITION), '4-1', 'c', 'opens generation 1');
    const attempt = owner.server.log.append(fenceOf(owner.lease, { seq: 1, generation: 0 }), ['x']);
    await expect(attempt).rejects.toMatchObject({ name: 'LogRegressed', found: { seq: 4, generation: 1 } });
    expect(await bodies()).toHaveLength(4);
  });
});

describe('a log that lost its first head', () => {
  it('goes on behind its first commit', async () => {
    await raw.xadd(keys.log(PARTITION), '1-0', 'c', 'a');
    expect(await owner.server.log.append(fenceOf(owner.lease), ['b'])).toEqual({ seq: 2, generation: 0 });
    expect(await bodies()).toEqual(['1-0 a', '2-0 b']);
  });
});

describe('an append of which the server refuses a commit', () => {
  it.each([[[REFUSED, 'y', 'z']], [['x', REFUSED, 'z']], [['x', 'y', REFUSED]]])('leaves nothing behind: %j', async (refused) => {
    await owner.append('a', 'b');
    await expect(owner.append(...refused)).rejects.toThrow('greater than 0-0');
    expect(await owner.server.log.head(PARTITION)).toEqual({ seq: 2, generation: 0 });
    expect(await bodies()).toEqual(['1-0 a', '2-0 b']);
    expect(await owner.append('c')).toEqual({ seq: 3, generation: 0 });
    expect(await bodies()).toEqual(['1-0 a', '2-0 b', '3-0 c']);
  });

  it('leaves nothing behind in an empty log', async () => {
    await expect(owner.append('x', REFUSED)).rejects.toThrow('greater than 0-0');
    expect(await owner.append('a')).toEqual({ seq: 1, generation: 0 });
  });
});
