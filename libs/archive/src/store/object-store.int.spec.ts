import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '@torch/testing';
import { checkedArchive, entry, unsigned } from '../archive.fixture';
import { partitionDir, sealedSegmentName } from '../archive.layout';
import { readArchive } from '../archive.reader';
import { ensureLogNote } from '../log-note';
import { readManifest } from '../manifest.reader';
import { NODE_DISK } from '../node-disk.adapter';
import { openArchive, type PartitionArchive } from '../partition-archive';
import { readGateNote } from '../recovery/gate.note';
import { pruneArchive } from '../retention/archive.pruning';
import { listStates, writeState } from '../states/archived-states';
import { noteStates, readStatesNote } from '../states/states.note';
import { sha256 } from '../hashing';
import type { ObjectStore, PutObject } from './object-store';
import { restoreFromStore } from './restore-from-store';
import { SegmentUploads, UPLOADS_DEFAULTS } from './segment-uploads';
import { openObjectStore } from './store-url';
import { startS3Server, type TestS3Server } from './s3-server.fixture';

let server: TestS3Server;
let dir: string;
let tests = 0;

beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'torch-store-'));
  tests++;
});
afterEach(() => rmSync(dir, { recursive: true }));

const object = (key: string, text: string, more: Partial<PutObject> = {}): PutObject => {
  const body = Buffer.from(text);
  return { key, body, sha256: sha256(body), ...more };
};

describe.each([
  ['a directory', () => `file://${join(dir, 'store')}`],
  ['a bucket', () => server.url(`test-${tests}`)],
])('%s as an object store', (kind, url) => {
  let store: ObjectStore;
  let warnings: string[];

  beforeEach(async () => {
    warnings = [];
    store = await openObjectStore(url(), (name) => warnings.push(name));
  });

  it('gives back what was put, with its size and hash', async () => {
    expect(await store.put(object('p03/one', 'first'))).toBe('stored');
    expect((await store.get('p03/one'))?.toString()).toBe('first');
    expect(await store.head('p03/one')).toEqual({ bytes: 5, sha256: sha256('first') });
    expect(await store.put(object('p03/one', 'second'))).toBe('stored');
    expect((await store.get('p03/one'))?.toString()).toBe('second');
  });

  it('has nothing under another key', async () => {
    expect(await store.get('p03/none')).toBeUndefined();
    expect(await store.head('p03/none')).toBeUndefined();
    expect(await store.list('p04/')).toEqual([]);
  });

  it('leaves alone what is there when it is asked to, and says so', async () => {
    expect(await store.put(object('p03/one', 'first', { ifAbsent: true }))).toBe('stored');
    expect(await store.put(object('p03/one', 'second', { ifAbsent: true }))).toBe('exists');
    expect((await store.get('p03/one'))?.toString()).toBe('first');
    // This server passes over the condition: the adapter has found out, and looks before it writes.
    expect(warnings).toEqual(kind === 'a bucket' ? ['ConditionalWritesMissing'] : []);
  });

  it('lists keys in order, more than fit one answer', async () => {
    const keys = Array.from({ length: 23 }, (_, i) => `p03/object-${String(i).padStart(3, '0')}`);
    for (const key of [...keys].reverse()) await store.put(object(key, key));
    await store.put(object('p04/other', 'x'));
    expect(await store.list('p03/')).toEqual(keys);
  });

  describe('behind an archive', () => {
    const place = () => ({ dir: join(dir, 'archive'), partition: 3 });
    let archive: PartitionArchive;
    let uploads: SegmentUploads;
    let failures: (string | undefined)[];

    beforeEach(async () => {
      failures = [];
      await ensureLogNote({ dir: place().dir, identity: { logId: 'the-log', partitions: 8 }, nowMs: 1 });
      uploads = uploadsTo(store);
      archive = await openArchive({ ...place(), sign: unsigned, onSealed: () => uploads.sealed(archive, 3) });
    });
    afterEach(async () => {
      await uploads.released(3);
      await archive.close();
    });

    const uploadsTo = (to: ObjectStore) =>
      new SegmentUploads({
        dir: place().dir,
        store: to,
        config: { ...UPLOADS_DEFAULTS, uploadRetryMs: 5, uploadRetryMsMax: 20 },
        onChange: (_, error) => failures.push(error?.message),
      });
    async function seal(from: number, to: number): Promise<void> {
      for (let seq = from; seq <= to; seq++) archive.add(entry(seq));
      await archive.seal();
    }
    const uploaded = (count: number) =>
      waitUntil(() => archive.facts.filter(({ kind }) => kind === 'uploaded').length === count, { what: `${count} uploads` });
    const manifestStored = () =>
      waitUntil(
        async () =>
          sha256((await store.get('p03/manifest.ndjson')) ?? '') === sha256(readFileSync(join(partitionDir(place()), 'manifest.ndjson'))),
        { what: 'the manifest in the store' },
      );
    const elsewhere = () => ({ dir: join(dir, 'elsewhere'), partition: 3 });

    it('gets every sealed segment, and gives the archive back on another machine', async () => {
      await seal(1, 10);
      await seal(11, 20);
      await uploaded(2);
      await manifestStored();
      expect(await store.list('p03/')).toEqual(
        expect.arrayContaining(['p03/manifest.ndjson', `p03/${sealedSegmentName(1)}`, `p03/${sealedSegmentName(11)}`]),
      );
      expect(await restoreFromStore({ dir: elsewhere().dir, store })).toMatchObject({ segments: 2 });
      expect(await restoreFromStore({ dir: elsewhere().dir, store })).toMatchObject({ segments: 0 });
      expect(await checkedArchive(elsewhere())).toMatchObject({ records: 20 });
      const there = await openArchive({ ...elsewhere(), sign: unsigned });
      expect(there.durable.seq).toBe(20);
      there.add(entry(21));
      await there.flush();
      await there.close();
    });

    it('is brought up to date on a machine that had part of it', async () => {
      await seal(1, 10);
      await uploaded(1);
      await manifestStored();
      await restoreFromStore({ dir: elsewhere().dir, store });
      const there = await openArchive({ ...elsewhere(), sign: unsigned });
      for (let seq = 11; seq <= 13; seq++) there.add(entry(seq));
      await there.flush();
      await there.close();
      await seal(11, 20);
      await uploaded(2);
      await manifestStored();
      await restoreFromStore({ dir: elsewhere().dir, store, partitions: [3] });
      const again = await openArchive({ ...elsewhere(), sign: unsigned });
      expect(again.durable.seq).toBe(20);
      await again.close();
      expect(await checkedArchive(elsewhere())).toMatchObject({ records: 20 });
    });

    it('loses what retention has taken out, here and on a machine that still has it, and has the states that stand for it', async () => {
      await seal(1, 10);
      await uploaded(1);
      await manifestStored();
      await restoreFromStore({ dir: elsewhere().dir, store });
      const [before] = (await store.list('p03/segment-')) as [string];
      const { disk } = archive.fence;
      async function* entries(): AsyncGenerator<readonly [string, string]> {
        yield ['snapshot:scheduler', 'all of it'];
      }
      const at = { seq: 9, generation: 0 };
      await writeState(place(), disk, { service: 'scheduler', position: at, seen: at, entries });
      await noteStates(place(), disk, 9);
      await pruneArchive({
        place: place(),
        disk,
        belowSeq: 9,
        expiry: async () => new Map(['project-0', 'project-1'].map((project) => [project, 10_000])),
        note: (fact) => archive.note(fact),
        reason: 'retention',
      });
      uploads.sealed(archive, 3);
      await waitUntil(async () => !(await store.list('p03/segment-')).includes(before), { what: 'the old segment to be removed' });
      const [after, ...more] = await store.list('p03/segment-');
      expect([after === before, more]).toEqual([false, []]);
      await restoreFromStore({ dir: elsewhere().dir, store });
      const bodies: (string | undefined)[] = [];
      for await (const batch of readArchive(elsewhere())) for (const { body } of batch) bodies.push(body);
      expect(bodies.filter((body) => body === undefined).length).toBeGreaterThan(3);
      const [fact] = (await readManifest(elsewhere())).sealed;
      expect(sha256(readFileSync(join(partitionDir(elsewhere()), sealedSegmentName(1))))).toBe(fact?.sha256);
      expect(await listStates(elsewhere(), NODE_DISK)).toEqual([{ service: 'scheduler', position: at, seen: at }]);
      expect((await readStatesNote(elsewhere(), NODE_DISK)).neededSeq).toBe(9);
      expect(failures.filter(Boolean)).toEqual([]);
    });

    it('says to a new machine that generations may have been given that it does not know of', async () => {
      await seal(1, 10);
      await uploaded(1);
      await manifestStored();
      const nowMs = Date.UTC(2026, 5, 1);
      await restoreFromStore({ dir: elsewhere().dir, store, nowMs: () => nowMs });
      expect(await readGateNote(elsewhere(), NODE_DISK)).toEqual({ incarnation: 'restored', generation: nowMs / 1000 });
      await restoreFromStore({ dir: elsewhere().dir, store, nowMs: () => nowMs + 5000 });
      expect((await readGateNote(elsewhere(), NODE_DISK))?.generation).toBe(nowMs / 1000);
    });

    it('is caught up with after it was away, and after a restart in between', async () => {
      const { put } = store;
      let isAway = true;
      store.put = (what) => (isAway ? Promise.reject(new Error('It is away.')) : put.call(store, what));
      await seal(1, 10);
      await waitUntil(() => failures.length === 1, { what: 'the alarm' });
      expect(failures).toEqual(['It is away.']);
      await uploads.released(3);
      isAway = false;
      uploads = uploadsTo(store);
      uploads.sealed(archive, 3);
      await uploaded(1);
      await manifestStored();
    });

    it('raises an alarm when it holds another segment under the key, and leaves it', async () => {
      await store.put(object(`p03/${sealedSegmentName(1)}`, 'of another machine'));
      await seal(1, 10);
      await waitUntil(() => failures.length > 0, { what: 'the alarm' });
      expect(failures[0]).toMatch(/two archives of one log differ/);
      expect((await store.get(`p03/${sealedSegmentName(1)}`))?.toString()).toBe('of another machine');
      expect(archive.facts.filter(({ kind }) => kind === 'uploaded')).toEqual([]);
    });

    it('is not believed when a segment was changed in it, or tells another history', async () => {
      await seal(1, 10);
      await uploaded(1);
      await manifestStored();
      await store.put(object(`p03/${sealedSegmentName(1)}`, 'changed'));
      await expect(restoreFromStore({ dir: elsewhere().dir, store })).rejects.toThrow('not what its manifest says');
      const other = await openArchive({ ...elsewhere(), sign: unsigned });
      other.add(entry(1));
      await other.seal();
      await other.close();
      const before = readFileSync(join(partitionDir(elsewhere()), 'manifest.ndjson'));
      await expect(restoreFromStore({ dir: elsewhere().dir, store })).rejects.toThrow('different histories');
      expect(readFileSync(join(partitionDir(elsewhere()), 'manifest.ndjson'))).toEqual(before);
    });

    it('is not taken for that of another log', async () => {
      await seal(1, 2);
      await uploaded(1);
      await manifestStored();
      await ensureLogNote({ dir: elsewhere().dir, identity: { logId: 'another-log', partitions: 8 }, nowMs: 1 });
      await expect(restoreFromStore({ dir: elsewhere().dir, store })).rejects.toThrow('another-log');
    });

    it('does not get a segment that is not what the manifest says', async () => {
      const { put } = store;
      store.put = () => Promise.reject(new Error('It is away.'));
      await seal(1, 5);
      await waitUntil(() => failures.length === 1, { what: 'the first alarm' });
      await uploads.released(3);
      expect((await readManifest(place())).sealed).toHaveLength(1);
      store.put = put;
      writeFileSync(join(partitionDir(place()), sealedSegmentName(1)), 'changed');
      uploads = uploadsTo(store);
      uploads.sealed(archive, 3);
      await waitUntil(() => failures.length === 2, { what: 'the second alarm' });
      expect(await store.head(`p03/${sealedSegmentName(1)}`)).toBeUndefined();
      expect(failures[1]).toMatch(/not what its manifest says/);
    });
  });
});
