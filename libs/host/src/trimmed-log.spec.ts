import type { LogEntry } from '@torch/log';
import { formatPosition } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { DeadlineExceeded, type TorchClient } from './client';
import { rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';
import { type TrimmedLog, trimmedLogOf } from './trimmed-log';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

describe('a service whose snapshot is gone and whose log was trimmed', () => {
  let world: World;
  let archived: readonly LogEntry[];
  beforeEach(async () => {
    world = await World.create();
    const owner = await world.start(rollService());
    for (const name of NAMES) await world.register(name);
    await owner.stop();
    archived = await world.server.log.read(0, 0, 100);
    await world.server.caches.set(0, 'snapshot:registry', '{}');
    await world.server.log.trim(0, 6);
    expect((await world.server.log.first(0))?.seq).toBe(6);
  });
  afterEach(() => world.end());

  const archive: TrimmedLog = {
    read: (_partition, afterSeq, limit) => Promise.resolve(archived.slice(afterSeq, afterSeq + limit)),
  };

  it('reads the beginning from the archive, a page at a time, and goes on with the log', async () => {
    const asked: number[][] = [];
    const trimmed: TrimmedLog = {
      read: (partition, afterSeq, limit) => {
        asked.push([afterSeq, limit]);
        return archive.read(partition, afterSeq, limit);
      },
    };
    await world.start(rollService(), { trimmed, config: { readEntriesMax: 2 } });
    await world.register('h');
    expect(await world.names()).toEqual([...NAMES, 'h']);
    expect(asked).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ]);
  });

  it.each([
    ['no archive is there to be read', undefined],
    ['the archive has a hole', { read: () => Promise.resolve(archived.slice(1, 3)) }],
    ['the archive ends too early', { read: () => Promise.resolve([]) }],
  ])('stops, loudly, when %s', async (_what, trimmed) => {
    const fatal: unknown[] = [];
    const started = world.start(rollService(), { trimmed, onFatal: (error) => fatal.push(error) });
    started.catch(() => undefined);
    await waitUntil(() => fatal.length > 0, { what: 'the service to stop' });
    expect(String(fatal[0])).toMatch(/entries are missing|ends/);
  });
});

describe('what audit gives back', () => {
  const answering = (answer: () => Promise<unknown>): TrimmedLog => trimmedLogOf({ queryPartition: answer } as unknown as TorchClient);

  it('is read as the log was', async () => {
    const position = { seq: 7, generation: 2 };
    const log = answering(() => Promise.resolve({ entries: [{ position: formatPosition(position), body: '{}' }], pruned: false }));
    expect(await log.read(0, 6, 1)).toEqual([{ position, body: '{}' }]);
  });

  it('is of no use where retention has removed content', async () => {
    await expect(answering(() => Promise.resolve({ entries: [], pruned: true })).read(3, 6, 1)).rejects.toThrow(
      'partition 3 has to be made anew from behind seq 6, and retention has removed content',
    );
  });

  it('is waited for where audit does not answer', async () => {
    const log = answering(() => Promise.reject(new DeadlineExceeded('ReadArchive', 30_000)));
    await expect(log.read(3, 6, 1)).rejects.toMatchObject({ name: 'LogUnavailable' });
  });
});
