import { SeededRandom, waitUntil } from '@torch/testing';
import { checkedArchive, entry, FREE, unlocked, unsigned } from './archive.fixture';
import type { ArchiveFailure } from './archive-failures';
import { ArchiveClosed, ArchiveLocked } from './archive.errors';
import type { ArchiveConfig } from './archive.config';
import type { ArchivePlace } from './archive.layout';
import { readManifest } from './manifest.reader';
import { openArchive, type OpenArchive, type PartitionArchive } from './partition-archive';
import { type DiskOperation, SimulatedDisk } from './simulated-disk.fixture';

const PLACE: ArchivePlace = { dir: '/archive', partition: 3 };
const OPEN = '/archive/p03/segment-0000000000000001.ndjson';

let disk: SimulatedDisk;
let archive: PartitionArchive;
let episodes: string[];

const open = (config: Partial<ArchiveConfig> = {}, more: Partial<OpenArchive> = {}): Promise<PartitionArchive> =>
  openArchive({
    ...PLACE,
    disk,
    lock: unlocked,
    sign: unsigned,
    config: { groupMs: 0, retryMs: 1, checkpointMs: 60_000, ...config },
    onFailing: ({ failing, recovered }) => {
      if (failing) episodes.push(`${failing.activity} ${failing.code}`);
      if (recovered) episodes.push(`${recovered.activity} again`);
    },
    ...more,
  });
const add = (from: number, to: number): void => {
  for (let seq = from; seq <= to; seq++) archive.add(entry(seq));
};
const bodies = (count: number): string[] => Array.from({ length: count }, (_, i) => entry(i + 1).body);

beforeEach(async () => {
  disk = new SimulatedDisk();
  episodes = [];
});
afterEach(async () => {
  disk.fault = () => undefined;
  await archive.close();
});

describe('an archive', () => {
  it('makes what is added durable, and goes on where it was', async () => {
    archive = await open();
    add(1, 12);
    expect(await archive.flush()).toMatchObject({ seq: 12, generation: 1 });
    await archive.close();
    archive = await open();
    expect(archive.durable.seq).toBe(12);
    add(13, 20);
    await archive.flush();
    expect(await checkedArchive(PLACE, disk)).toMatchObject({ records: 20, bodies: bodies(20) });
  });

  it('puts what comes during a flush into the next one', async () => {
    let syncs = 0;
    disk.fault = (operation, path) => {
      if (operation === 'sync' && path === OPEN) syncs++;
      return undefined;
    };
    archive = await open();
    for (let seq = 1; seq <= 100; seq++) {
      archive.add(entry(seq));
      if (seq % 25 === 0) await Promise.resolve();
    }
    await archive.flush();
    expect(syncs).toBeLessThan(8);
    expect((await checkedArchive(PLACE, disk)).records).toBe(100);
  });

  it('refuses what does not follow', async () => {
    archive = await open();
    add(1, 2);
    expect(() => archive.add(entry(2))).toThrow('3-0');
    expect(() => archive.add(entry(4))).toThrow('missing');
    archive.add({ position: { seq: 3, generation: 2 }, body: '{}' });
    expect(() => archive.add({ position: { seq: 4, generation: 1 }, body: '{}' })).toThrow('generation');
    await archive.flush();
    expect(archive.durable.seq).toBe(3);
  });

  it('seals by size and by age, and says in the manifest what a segment holds', async () => {
    archive = await open({ segmentBytes: 2000 });
    add(1, 9);
    await archive.flush();
    await waitUntil(() => archive.status.sealedSegments === 1, { what: 'the first segment' });
    await archive.close();
    archive = await open({ segmentMs: 20 });
    add(10, 12);
    await archive.flush();
    await waitUntil(() => archive.status.sealedSegments === 2, { what: 'the second segment' });
    const { sealed } = await readManifest(PLACE, disk);
    expect(sealed).toMatchObject([
      { firstPosition: '1-0', lastPosition: '9-0', records: 9, events: 9, projects: ['project-0', 'project-1'], fromMs: 1001, toMs: 1009 },
      { firstPosition: '10-1', lastPosition: '12-1', records: 3, events: 3, fromMs: 1010, toMs: 1012 },
    ]);
    expect(await checkedArchive(PLACE, disk)).toMatchObject({ records: 12, bodies: bodies(12) });
  });

  it('signs how far it is while records come in, when a segment is sealed and at the end', async () => {
    const signed: number[] = [];
    archive = await open({ checkpointMs: 1 }, { sign: (tree) => (signed.push(tree.size), unsigned(tree)) });
    add(1, 3);
    await archive.flush();
    await waitUntil(() => disk.read('/archive/p03/checkpoint')?.toString().startsWith('3 '), { what: 'a checkpoint' });
    const before = signed.length;
    await archive.seal();
    expect(signed.length).toBeGreaterThan(before);
    const { hash } = await readManifest(PLACE, disk);
    await waitUntil(() => disk.read('/archive/p03/checkpoint')?.toString().includes(hash), { what: 'the manifest in it' });
    add(4, 5);
    await archive.flush();
    await archive.close();
    expect(disk.read('/archive/p03/checkpoint')?.toString()).toMatch(/^5 /);
  });

  it('holds no more than it may, and whoever adds waits for room', async () => {
    archive = await open({ bufferedBytesMax: 600 });
    disk.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    add(1, 2);
    expect(() => archive.add(entry(3))).toThrow(RangeError);
    let hasRoom = false;
    const room = archive.room().then(() => (hasRoom = true));
    await waitUntil(() => archive.status.failing, { what: 'the failure' });
    expect(hasRoom).toBe(false);
    disk.fault = () => undefined;
    await room;
    add(3, 3);
    await archive.flush();
    expect((await checkedArchive(PLACE, disk)).bodies).toEqual(bodies(3));
  });
});

describe('an archive whose disk fails', () => {
  it.each([
    ['is full', 'write', 'ENOSPC'],
    ['cannot write', 'write', 'EIO'],
    ['cannot sync', 'sync', 'EIO'],
    ['is read-only', 'make', 'EROFS'],
    ['takes no new names', 'syncDir', 'EIO'],
    ['denies access', 'make', 'EACCES'],
  ] as const)('says so when it %s, keeps what waits, and goes on by itself', async (_, failing: DiskOperation, code) => {
    archive = await open({ segmentBytes: 600 });
    add(1, 4);
    await archive.flush();
    await waitUntil(() => archive.status.sealedSegments === 1, { what: 'the first segment' });
    disk.fault = (operation) => (operation === failing ? code : undefined);
    add(5, 8);
    const failure = (await waitUntil(() => archive.status.failing, { what: 'the failure' })) as ArchiveFailure;
    expect(failure).toMatchObject({ activity: 'append', code });
    expect(failure.sinceMs).toBeLessThanOrEqual(Date.now());
    expect(archive.durable.seq).toBe(4);
    disk.fault = () => undefined;
    expect((await archive.flush()).seq).toBe(8);
    await waitUntil(() => archive.status.failing === undefined, { what: 'the recovery' });
    expect(episodes).toEqual(expect.arrayContaining([`append ${code}`, 'append again']));
    expect(episodes.filter((episode) => episode === `append ${code}`)).toHaveLength(1);
    await archive.seal();
    expect(await checkedArchive(PLACE, disk)).toMatchObject({ records: 8, bodies: bodies(8) });
  });

  it('does not count on what was written before a sync that failed', async () => {
    archive = await open();
    add(1, 4);
    await archive.flush();
    let failures = 0;
    disk.fault = (operation) => (operation === 'sync' && failures++ < 3 ? 'EIO' : undefined);
    add(5, 9);
    await archive.flush();
    for (let seed = 0; seed < 20; seed++)
      expect(await checkedArchive(PLACE, disk.rebooted(new SeededRandom(seed)))).toMatchObject({ records: 9, bodies: bodies(9) });
  });

  it('says that it cannot seal, goes on adding, and seals when it can', async () => {
    archive = await open({ segmentBytes: 300 });
    disk.fault = (_, path) => (path.includes('.gz.') ? 'EACCES' : undefined);
    add(1, 4);
    await archive.flush();
    await waitUntil(() => archive.status.failing?.activity === 'seal', { what: 'the failure' });
    add(5, 9);
    expect((await archive.flush()).seq).toBe(9);
    disk.fault = () => undefined;
    await archive.seal();
    expect(archive.status.failing).toBeUndefined();
    expect((await checkedArchive(PLACE, disk)).bodies).toEqual(bodies(9));
    expect(disk.paths.filter((path) => path.endsWith('.tmp'))).toEqual([]);
  });

  it('says that it is slow for as long as a flush takes too long', async () => {
    archive = await open({ slowMs: 10 });
    let proceed = (): void => undefined;
    const held = new Promise<void>((resolve) => (proceed = resolve));
    const { openToWrite } = disk;
    disk.openToWrite = async (path) => {
      const file = await openToWrite.call(disk, path);
      return { ...file, sync: async () => (await held, file.sync()) };
    };
    add(1, 1);
    await waitUntil(() => archive.status.failing?.code === 'SLOW', { what: 'the alarm' });
    proceed();
    await archive.flush();
    expect(archive.status.failing).toBeUndefined();
    expect(episodes).toEqual(['append SLOW', 'append again']);
  });

  it('can be closed while nothing can be written, and has what was durable', async () => {
    archive = await open();
    add(1, 3);
    await archive.flush();
    disk.fault = () => 'EIO';
    add(4, 6);
    const waiting = archive.flush().catch((error: unknown) => error);
    await archive.close();
    expect(await waiting).toBeInstanceOf(ArchiveClosed);
    disk.fault = () => undefined;
    archive = await open();
    expect((await checkedArchive(PLACE, disk)).records).toBe(3);
  });
});

describe('an archive that somebody else writes to', () => {
  it('is not carried on when its open segment has other bytes', async () => {
    archive = await open();
    add(1, 3);
    await archive.flush();
    disk.tamper(OPEN, Buffer.concat([disk.read(OPEN) as Buffer, Buffer.from('more\n')]));
    add(4, 4);
    await expect(archive.flush()).rejects.toThrow('another writer');
    expect(await archive.stopped).toMatchObject({ name: 'ArchiveBroken' });
    expect(archive.status).toMatchObject({ durable: { seq: 3 }, failing: { code: 'BROKEN' } });
    expect(() => archive.add(entry(5))).toThrow('another writer');
  });

  it('is not carried on when the lock is lost, and what was written then does not count', async () => {
    let held = true;
    const lock = {
      ...FREE,
      assertHeld: async () => {
        if (!held) throw new ArchiveLocked('It was taken over.');
      },
    };
    archive = await open({}, { lock: async () => lock });
    add(1, 3);
    await archive.flush();
    disk.fault = (operation) => {
      if (operation === 'sync') held = false;
      return undefined;
    };
    add(4, 4);
    await expect(archive.flush()).rejects.toThrow(ArchiveLocked);
    expect(archive.durable.seq).toBe(3);
  });

  it('writes its open segment anew when the one before may still write to it', async () => {
    archive = await open();
    add(1, 3);
    await archive.flush();
    const before = await disk.openToWrite(OPEN);
    const other = await open();
    await before.write(Buffer.from('late'), 0);
    other.add(entry(4));
    await other.flush();
    await other.close();
    expect((await checkedArchive(PLACE, disk)).bodies).toEqual(bodies(4));
  });
});
