import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { archiveHead } from '../archive-head';
import { readArchive } from '../archive.reader';
import { createNotaryKey } from '../notary/ed25519';
import { readVerifierKeys } from '../notary/notary-keys';
import { openArchive } from '../partition-archive';
import { readGateNote, writeGateNote } from '../recovery/gate.note';
import { NODE_DISK } from '../node-disk.adapter';
import { pruneArchive } from '../retention/archive.pruning';
import { verifyArchive } from '../verify/verify-archive';
import { type CreatedBackup, createBackup } from './backup.create';
import { BackupBroken, BackupRefused } from './backup.errors';
import { DataDirFixture, RECORDED_MS } from './backup.fixture';
import { chooseBackup, listBackups } from './backup.list';
import { restoreBackup, type RestoreBackup } from './backup.restore';
import { type BackupVerdict, verifyBackup } from './backup.verify';
import { DirectoryStore } from './directory.store';

let data: DataDirFixture;
let store: DirectoryStore;
let made: number;
beforeEach(async () => {
  data = await new DataDirFixture().begin();
  store = new DirectoryStore(data.backups);
  made = 0;
});
afterEach(() => data.remove());

const NOW_MS = Date.UTC(2026, 10, 22);
const create = (more: Partial<Parameters<typeof createBackup>[0]> = {}): Promise<CreatedBackup> =>
  createBackup({
    archiveDir: data.archiveDir,
    store,
    settings: { env: {} },
    version: '1',
    signer: data.notaryKey,
    nowMs: NOW_MS + ++made,
    chance: '0000',
    ...more,
  });
const verify = (id: string): Promise<BackupVerdict> => verifyBackup({ store, id });
const restored = (): string => join(data.root, 'restored');
const restore = (id: string, more: Partial<RestoreBackup> = {}) =>
  restoreBackup({ store, id, dataDir: restored(), nowMs: NOW_MS, ...more });
const filesOf = (id: string): string[] =>
  readdirSync(join(data.backups, id), { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(data.backups, id, path)).isFile())
    .sort();

async function bodies(dir: string, partition: number): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for await (const batch of readArchive({ dir, partition })) for (const { body } of batch) found.push(body);
  return found;
}

describe('a backup', () => {
  it('holds sealed segments and what is signed of the open one, and verifies without the archive', async () => {
    await data.write(0, [5, 5, 3]);
    const { manifest, isSigned } = await create();
    expect(isSigned).toBe(true);
    expect(manifest.ends).toMatchObject([{ position: '13-0' }, { position: '0-0' }]);
    rmSync(data.archiveDir, { recursive: true });
    expect(await verify(manifest.id)).toMatchObject({ ok: true, signature: 'good', badFiles: [], archive: { ok: true } });
    expect((await verify(manifest.id)).archive?.partitions.map(({ records, signedSeq }) => [records, signedSeq])).toEqual([
      [13, 13],
      [0, 0],
    ]);
  });

  it('takes over what has not changed since the one before, and is whole without it', async () => {
    await data.write(0, [5, 5, 3]);
    const first = await create();
    await data.write(0, [4, 2]);
    const second = await create();
    expect(second.manifest.previous).toBe(first.manifest.id);
    const segment = 'audit/p00/segment-0000000000000001.ndjson.gz';
    const inode = (id: string): number => statSync(join(data.backups, id, segment)).ino;
    expect(inode(second.manifest.id)).toBe(inode(first.manifest.id));
    expect(statSync(join(data.archiveDir, 'p00', 'segment-0000000000000001.ndjson.gz')).ino).not.toBe(inode(first.manifest.id));
    expect(second.bytesReused).toBeGreaterThan(0);
    rmSync(join(data.backups, first.manifest.id), { recursive: true });
    expect(await verify(second.manifest.id)).toMatchObject({ ok: true });
    expect(second.manifest.ends[0]).toMatchObject({ position: '19-0' });
  });

  it('is consistent while the archive is written, sealed and pruned', async () => {
    await data.write(0, [20, 20, 1]);
    const archive = await data.open(0);
    let writing = true;
    const work = (async () => {
      for (let round = 0; writing; round++) {
        await data.add(archive, 0, 10);
        if (round % 3 === 0) await archive.seal();
      }
    })();
    const pruning = pruneArchive({
      place: { dir: data.archiveDir, partition: 0 },
      disk: archive.fence.disk,
      belowSeq: Infinity,
      expiry: async () => new Map([['project-1', RECORDED_MS + 30]]),
      note: (fact) => archive.note(fact),
      reason: 'retention',
    });
    for (let n = 0; n < 8; n++) {
      const { manifest } = await create();
      expect(await verify(manifest.id)).toMatchObject({ ok: true, signature: 'good' });
    }
    writing = false;
    await Promise.all([work, pruning]);
    await archive.close();
    const { manifest } = await create();
    const last = await verify(manifest.id);
    expect(last).toMatchObject({ ok: true });
    expect(last.archive?.partitions[0]?.pruned).toBeGreaterThan(0);
  });

  it('appears whole or not at all', async () => {
    await data.write(0, [5, 3]);
    rmSync(join(data.archiveDir, 'p00', 'segment-0000000000000001.ndjson.gz'));
    await expect(create()).rejects.toThrow(/did not fit together 5 times/);
    expect(readdirSync(data.backups)).toEqual([]);
    expect(await listBackups(store)).toEqual([]);
    await expect(chooseBackup(store)).rejects.toThrow(`There is no backup in ${data.backups}. There is none.`);
  });

  it('is refused where there is no archive', async () => {
    await expect(create({ archiveDir: join(data.root, 'nothing') })).rejects.toThrow(/There is no archive in .*nothing yet/);
  });

  it('is made without a key, and says that nobody signed it', async () => {
    await data.write(0, [2]);
    const { manifest } = await create({ signer: undefined });
    expect(await verify(manifest.id)).toMatchObject({ ok: true, signature: 'none' });
    expect(await listBackups(store)).toMatchObject([{ id: manifest.id, isSigned: false }]);
  });
});

describe('verifying a backup', () => {
  it('finds every single file that was changed, cut off or taken away', async () => {
    await data.write(0, [5, 3]);
    const { manifest } = await create();
    for (const path of filesOf(manifest.id)) {
      const file = join(data.backups, manifest.id, path);
      const bytes = readFileSync(file);
      const flipped = Buffer.from(bytes);
      flipped[Math.floor(bytes.length / 2)]! ^= 1;
      for (const change of [flipped, bytes.subarray(0, -1), undefined]) {
        if (bytes.length === 0 && change) continue;
        if (path === 'backup.note' && !change) continue; // Without a signature it is an unsigned one.
        if (change) writeFileSync(file, change);
        else rmSync(file);
        const outcome = await verify(manifest.id).catch((error: unknown) => {
          if (error instanceof BackupBroken) return { ok: false };
          throw error;
        });
        expect(`${path}: ${outcome.ok}`).toBe(`${path}: false`);
        writeFileSync(file, bytes, { mode: 0o600 });
      }
    }
    expect(await verify(manifest.id)).toMatchObject({ ok: true });
  });

  it('trusts nobody but the keys that were given', async () => {
    await data.write(0, [2]);
    const { manifest } = await create();
    const keys = await readVerifierKeys(data.pub());
    expect(await verifyBackup({ store, id: manifest.id, keys })).toMatchObject({ ok: true, signature: 'good' });
    const { name, id, publicKey } = createNotaryKey('stranger');
    expect(await verifyBackup({ store, id: manifest.id, keys: [{ name, id, publicKey }] })).toMatchObject({ ok: false, signature: 'bad' });
  });
});

describe('a restored backup', () => {
  const verdictOf = async () =>
    verifyArchive({ dir: join(restored(), 'audit'), keys: await readVerifierKeys(join(restored(), 'audit', 'notary.pub')) });

  it('is the archive that was, byte for byte, and can be written on', async () => {
    await data.write(0, [5, 3]);
    await data.write(1, [4]);
    const { manifest } = await create();
    expect(await restore(manifest.id)).toMatchObject({ partitions: [{ position: '8-0' }, { position: '4-0' }] });
    const dir = join(restored(), 'audit');
    for (const { path } of manifest.files.filter((file) => file.path.startsWith('audit/')))
      expect(readFileSync(join(restored(), path))).toEqual(readFileSync(join(data.backups, manifest.id, path)));
    expect(await bodies(dir, 0)).toEqual(await bodies(data.archiveDir, 0));
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    const archive = await data.open(0, dir);
    await data.add(archive, 0, 2, 1);
    await archive.close();
    expect(await verdictOf()).toMatchObject({ ok: true, partitions: [{ lastPosition: '10-1' }, {}] });
  });

  it('goes into an empty directory only', async () => {
    await data.write(0, [2]);
    const { manifest } = await create();
    mkdirSync(restored());
    writeFileSync(join(restored(), 'mine'), 'precious');
    await expect(restore(manifest.id)).rejects.toThrow(/is not empty \(mine\)\. Restore into a directory that is empty or not there yet/);
    expect(readdirSync(restored())).toEqual(['mine']);
  });

  it('is not brought back from a backup that was changed, and nothing is left behind', async () => {
    await data.write(0, [5, 3]);
    const { manifest } = await create();
    writeFileSync(join(data.backups, manifest.id, 'audit/p00/segment-0000000000000006.ndjson'), '');
    await expect(restore(manifest.id)).rejects.toThrow(BackupBroken);
    expect(existsSync(restored()) ? readdirSync(restored()) : []).toEqual([]);
  });

  it.each([
    ['in the open segment', 12],
    ['at the end of a sealed segment', 10],
    ['in a sealed segment', 7],
    ['right behind the start', 1],
  ])('ends with a position %s, and verifies', async (_, seq) => {
    await data.write(0, [5, 5, 3]);
    await data.write(1, [20]);
    const { manifest } = await create();
    const done = await restore(manifest.id, { point: { partition: 0, seq, generation: 0 } });
    const dir = join(restored(), 'audit');
    expect(done.partitions).toEqual([
      { partition: 0, position: `${seq}-0`, cutFrom: '13-0' },
      { partition: 1, position: `${seq}-0`, cutFrom: '20-0' },
    ]);
    expect(await bodies(dir, 0)).toEqual((await bodies(data.archiveDir, 0)).slice(0, seq));
    expect(await verdictOf()).toMatchObject({ ok: true, partitions: [{ records: seq, signedSeq: seq }, { records: seq }] });
    expect(JSON.parse(readFileSync(join(dir, 'restored.json'), 'utf8'))).toMatchObject({ id: manifest.id, partitions: done.partitions });
  });

  it('ends with what was recorded up to a time, in every partition', async () => {
    await data.write(0, [5, 5, 3]);
    await data.write(1, [2]);
    const { manifest } = await create();
    const done = await restore(manifest.id, { point: { atMs: RECORDED_MS + 7 } });
    expect(done.partitions).toEqual([
      { partition: 0, position: '7-0', cutFrom: '13-0' },
      { partition: 1, position: '2-0' },
    ]);
    expect(await verdictOf()).toMatchObject({ ok: true });
  });

  it('never gives a position that was cut off a second meaning', async () => {
    await data.write(0, [5]);
    await data.write(0, [5], 3);
    await writeGateNote({ dir: data.archiveDir, partition: 0 }, { incarnation: 'run-9', generation: 4 }, NODE_DISK);
    const { manifest } = await create();
    await restore(manifest.id, { point: { partition: 0, seq: 4, generation: 0 } });
    const place = { dir: join(restored(), 'audit'), partition: 0 };
    expect(await archiveHead(place)).toMatchObject({ seq: 4, generation: 0 });
    expect((await readGateNote(place, NODE_DISK))?.generation).toBeGreaterThan(4);
  });

  it('says so when the history has no such point', async () => {
    await data.write(0, [5]);
    const { manifest } = await create();
    const at = (point: RestoreBackup['point']) => restore(manifest.id, { point });
    await expect(at({ partition: 0, seq: 9, generation: 0 })).rejects.toThrow('Partition 0 of the backup has no 9-0.');
    await expect(at({ partition: 0, seq: 3, generation: 1 })).rejects.toThrow('Partition 0 of the backup has no 3-1.');
    await expect(at({ atMs: RECORDED_MS })).rejects.toThrow('Nothing had happened by 2026-01-01T00:00:00.000Z');
    await expect(at({ atMs: RECORDED_MS })).rejects.toThrow(BackupRefused);
  });

  it('is not cut within a segment from which retention has removed something', async () => {
    await data.write(0, [10, 1]);
    const archive = await data.open(0);
    await pruneArchive({
      place: { dir: data.archiveDir, partition: 0 },
      disk: archive.fence.disk,
      belowSeq: Infinity,
      expiry: async () => new Map([[`project-1`, RECORDED_MS + 5]]),
      note: (fact) => archive.note(fact),
      reason: 'retention',
    });
    await archive.close();
    const { manifest } = await create();
    await expect(restore(manifest.id, { point: { atMs: RECORDED_MS + 8 } })).rejects.toThrow(/from which retention has removed 1-0/);
    expect(await restore(manifest.id, { point: { atMs: RECORDED_MS + 10 } })).toMatchObject({ partitions: [{ position: '10-0' }, {}] });
    expect(await verdictOf()).toMatchObject({ ok: true });
  });

  it('goes on under the key that signed so far where that is given, so that nobody has to trust a new one', async () => {
    await data.write(0, [5, 5]);
    const { manifest } = await create();
    const notaryKey = join(data.dataDir, 'keys', 'notary.key');
    await restore(manifest.id, { notaryKey, point: { partition: 0, seq: 7, generation: 0 } });
    const keys = await readVerifierKeys(data.pub());
    expect(await verifyArchive({ dir: join(restored(), 'audit'), keys })).toMatchObject({ ok: true, partitions: [{ signedSeq: 7 }, {}] });
    expect(statSync(join(restored(), 'keys', 'notary.key')).mode & 0o777).toBe(0o600);
  });

  it('cut without that key is signed by a new one, which the old one does not vouch for', async () => {
    await data.write(0, [5, 5]);
    const { manifest } = await create();
    await restore(manifest.id, { point: { partition: 0, seq: 7, generation: 0 } });
    expect(await verdictOf()).toMatchObject({ ok: true });
    const keys = await readVerifierKeys(data.pub());
    expect(await verifyArchive({ dir: join(restored(), 'audit'), keys })).toMatchObject({ ok: false });
  });

  it('is locked by nobody, so that a service can write on it', async () => {
    const archive = await data.open(0);
    await data.add(archive, 0, 3);
    await archive.seal();
    const { manifest } = await create();
    await archive.close();
    await restore(manifest.id);
    const again = await openArchive({ dir: join(restored(), 'audit'), partition: 0, sign: () => 'a checkpoint' });
    expect(again.durable).toMatchObject({ seq: 3 });
    await again.close();
  });
});
