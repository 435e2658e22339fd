import { waitUntil } from '@torch/testing';
import { checkedArchive, entry, unsigned } from './archive.fixture';
import type { ArchiveDisk, DiskFile } from './archive-disk';
import { ArchiveFence } from './archive-fence';
import type { ArchiveLock } from './archive-lock.adapter';
import { ArchiveLocked } from './archive.errors';
import { type ArchivePlace, sealedSegmentName } from './archive.layout';
import { readManifest } from './manifest.reader';
import { openArchive, type OpenArchive, type PartitionArchive } from './partition-archive';
import { type GateNote, readGateNote, writeGateNote } from './recovery/gate.note';
import { pruneArchive } from './retention/archive.pruning';
import { SimulatedDisk } from './simulated-disk.fixture';
import { type UploadedArchive, SegmentUploads, UPLOADS_DEFAULTS } from './store/segment-uploads';

const PLACE: ArchivePlace = { dir: '/archive', partition: 3 };

/** Locks of one archive, of which the last one counts. */
class Locks {
  private last = 0;
  /** Asked once more by the holder of this number: told so, once, with this error. */
  failOnce: { readonly holder: number; readonly call: number } | undefined;

  readonly take = (): Promise<ArchiveLock> => {
    const holder = ++this.last;
    let calls = 0;
    return Promise.resolve({
      token: `${holder}-chance`,
      rest: () => undefined,
      keep: () => undefined,
      release: () => Promise.resolve(),
      assertHeld: async () => {
        calls++;
        if (this.failOnce?.holder === holder && this.failOnce.call === calls)
          throw Object.assign(new Error('EIO: simulated, fstat'), { code: 'EIO' });
        if (holder !== this.last) throw new ArchiveLocked('It was taken over.');
      },
    });
  };
}

type Change = 'openToWrite' | 'rename' | 'remove' | 'write' | 'truncate';

/** The disk as one process sees it, which can be paused in front of any change: when the fence has let it pass already. */
class PausedDisk implements ArchiveDisk {
  changes = 0;
  /** This change waits until `goOn`. */
  pauseAt = Infinity;
  isPaused = false;
  private resume: () => void = () => undefined;
  private readonly resumed = new Promise<void>((resolve) => (this.resume = resolve));
  readonly seen: string[] = [];

  constructor(private readonly disk: ArchiveDisk) {}

  goOn(): void {
    this.resume();
  }

  makeDir = (dir: string): Promise<void> => this.disk.makeDir(dir);
  list = (dir: string): Promise<readonly string[]> => this.disk.list(dir);
  openToRead = (path: string): Promise<DiskFile | undefined> => this.disk.openToRead(path);
  syncDir = (dir: string): Promise<void> => this.disk.syncDir(dir);
  openToWrite = async (path: string): Promise<DiskFile> =>
    this.watched(await this.at('openToWrite', path, () => this.disk.openToWrite(path)), path);
  rename = (from: string, to: string): Promise<void> => this.at('rename', from, () => this.disk.rename(from, to));
  remove = (path: string): Promise<void> => this.at('remove', path, () => this.disk.remove(path));
  openToChange = async (path: string): Promise<DiskFile | undefined> => {
    const file = await this.disk.openToChange(path);
    return file && this.watched(file, path);
  };

  private watched(file: DiskFile, path: string): DiskFile {
    return {
      ...file,
      write: (bytes, position) => this.at('write', path, () => file.write(bytes, position)),
      truncate: (size) => this.at('truncate', path, () => file.truncate(size)),
    };
  }

  private async at<T>(change: Change, path: string, act: () => Promise<T>): Promise<T> {
    this.seen.push(`${change} ${path.replace(/.*\//, '')}`);
    if (++this.changes === this.pauseAt) {
      this.isPaused = true;
      await this.resumed;
    }
    return act();
  }
}

const CONFIG = { groupMs: 0, checkpointMs: 60_000, retryMs: 1 };
const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

interface Writer {
  readonly archive: PartitionArchive;
  add(from: number, to: number): Promise<void>;
}

async function writer(disk: ArchiveDisk, locks: Locks, more: Partial<OpenArchive> = {}): Promise<Writer> {
  const archive = await openArchive({ ...PLACE, disk, lock: locks.take, sign: unsigned, config: CONFIG, ...more });
  return {
    archive,
    add: async (from, to) => {
      for (let seq = from; seq <= to; seq++) archive.add(entry(seq));
      await archive.flush();
    },
  };
}

/** Some of everything that a writer does. */
async function work({ archive, add }: Writer): Promise<void> {
  await add(1, 4);
  await archive.seal();
  await add(5, 6);
  await writeGateNote(PLACE, { incarnation: 'one', generation: 1 }, archive.fence.disk);
  await pruneArchive({
    place: PLACE,
    disk: archive.fence.disk,
    belowSeq: 3,
    expiry: async () =>
      new Map([
        ['project-0', 1e15],
        ['project-1', 1e15],
      ]),
    note: (fact) => archive.note(fact),
    reason: 'retention',
  });
  await archive.seal();
  await add(7, 8);
}

async function expectSound(disk: ArchiveDisk, records: number): Promise<void> {
  const { fault, records: found } = await checkedArchive(PLACE, disk);
  expect([fault, found]).toEqual([undefined, records]);
  for (const fact of (await readManifest(PLACE, disk)).sealed) {
    const file = (await disk.openToRead(`/archive/p03/${sealedSegmentName(fact.firstSeq)}`)) as DiskFile;
    expect(await file.size()).toBe(fact.gzBytes);
  }
}

describe('a writer that is paused', () => {
  it('in front of any change harms nothing of whoever has taken over when it goes on', async () => {
    const whole = new SimulatedDisk();
    const probe = new PausedDisk(whole);
    const probed = await writer(probe, new Locks());
    await work(probed);
    await probed.archive.close();
    await expectSound(whole, 8);
    for (const done of ['rename manifest', 'rename checkpoint', 'rename gate.json', 'rename segment', 'remove segment', 'write manifest'])
      expect(probe.seen.some((seen) => seen.startsWith(done))).toBe(true);
    let pauseAt = 1;
    while (await survivesPause(pauseAt)) pauseAt++;
    expect(pauseAt).toBeGreaterThan(40);
  }, 60_000);

  /** False when the writer came to its end without being paused. */
  async function survivesPause(pauseAt: number): Promise<boolean> {
    const disk = new SimulatedDisk();
    const locks = new Locks();
    const slow = new PausedDisk(disk);
    slow.pauseAt = pauseAt;
    const first = writer(slow, locks);
    let isDone = false;
    const working = settled(first.then((opened) => work(opened))).finally(() => (isDone = true));
    await waitUntil(() => slow.isPaused || isDone, { what: `the pause in front of change ${pauseAt}` });
    if (!slow.isPaused) {
      slow.pauseAt = Infinity;
      await (await first).archive.close();
      return false;
    }
    const second = await writer(disk, locks);
    const from = second.archive.durable.seq + 1;
    await second.add(from, from + 2);
    await second.archive.seal();
    await second.add(from + 3, from + 4);
    await writeGateNote(PLACE, { incarnation: 'two', generation: 7 }, second.archive.fence.disk);
    slow.goOn();
    await working;
    await settled(first.then(({ archive }) => archive.close()));
    await second.add(from + 5, from + 5);
    await second.archive.close();
    expect(await readGateNote(PLACE, disk)).toEqual<GateNote>({ incarnation: 'two', generation: 7 });
    await expectSound(disk, from + 5);
    const third = await writer(disk, locks);
    expect(third.archive.durable.seq).toBe(from + 5);
    await third.archive.close();
    await expectSound(disk, from + 5);
    return true;
  }
});

describe('the fence of an archive', () => {
  it('is asked before what has been uploaded is noted, and before more is put', async () => {
    const disk = new SimulatedDisk();
    const locks = new Locks();
    const { archive, add } = await writer(disk, locks);
    await add(1, 3);
    await archive.seal();
    const puts: string[] = [];
    let goOn: () => void = () => undefined;
    const paused = new Promise<void>((resolve) => (goOn = resolve));
    const store = {
      name: 'slow',
      put: async ({ key }: { key: string }) => {
        puts.push(key);
        await paused;
        return 'stored' as const;
      },
      get: async () => undefined,
      head: async () => undefined,
      remove: async () => undefined,
      list: async () => [],
    };
    const uploads = new SegmentUploads({ dir: PLACE.dir, store, config: UPLOADS_DEFAULTS, disk });
    uploads.sealed(archive as UploadedArchive, PLACE.partition);
    await waitUntil(() => puts.length === 1, { what: 'the upload' });
    const second = await writer(disk, locks);
    await second.add(4, 6);
    await second.archive.seal();
    const before = disk.read('/archive/p03/manifest.ndjson');
    goOn();
    await waitUntil(async () => (await settled(archive.stopped)) instanceof ArchiveLocked, { what: 'the first writer to find out' });
    await uploads.released(PLACE.partition);
    expect(puts).toHaveLength(1);
    expect(disk.read('/archive/p03/manifest.ndjson')).toEqual(before);
    await archive.close();
    await second.archive.close();
  });

  it('that cannot be looked at behind a durable flush has the flush written again, and not twice', async () => {
    for (let call = 1; call <= 40; call++) {
      const disk = new SimulatedDisk();
      const locks = new Locks();
      const { archive, add } = await writer(disk, locks);
      await add(1, 1);
      locks.failOnce = { holder: 1, call };
      await add(2, 3);
      await add(4, 4);
      await archive.close();
      await expectSound(disk, 4);
    }
  });

  it('is taken before anybody looks, and what the one before writes late is not seen', async () => {
    const disk = new SimulatedDisk();
    const locks = new Locks();
    const slow = new PausedDisk(disk);
    const { archive, add } = await writer(slow, locks);
    await add(1, 5);
    slow.pauseAt = slow.changes + 1;
    for (let seq = 6; seq <= 8; seq++) archive.add(entry(seq));
    await waitUntil(() => slow.isPaused, { what: 'the write' });
    const fence = await ArchiveFence.take({ place: PLACE, disk, lock: locks.take });
    slow.goOn();
    expect(await archive.stopped).toBeInstanceOf(ArchiveLocked);
    expect(archive.durable.seq).toBe(5);
    await expectSound(disk, 5);
    await archive.close();
    await fence.release();
  });
});
