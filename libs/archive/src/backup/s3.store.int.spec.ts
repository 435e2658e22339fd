import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createBackup, type CreatedBackup } from './backup.create';
import { BackupRefused } from './backup.errors';
import { DataDirFixture } from './backup.fixture';
import { listBackups } from './backup.list';
import { restoreBackup } from './backup.restore';
import type { BackupStore } from './backup.store';
import { verifyBackup } from './backup.verify';
import { openS3Store } from './s3.store';

interface S3Server {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}
/** It comes without types. */
const S3rver = createRequire(__filename)('s3rver') as new (options: object) => S3Server;

const NOW_MS = Date.UTC(2026, 10, 22);
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };

let data: DataDirFixture;
let server: S3Server;
let port: number;
let store: BackupStore;
let made = 0;

beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS);
  data = await new DataDirFixture().begin();
  server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: join(data.root, 's3'),
    configureBuckets: [{ name: 'torch', configs: [] }],
  });
  ({ port } = await server.run());
  store = await openS3Store(`s3://torch/nightly?endpoint=http://127.0.0.1:${port}`);
}, 30_000);
afterAll(async () => {
  await server.close();
  data.remove();
  for (const name of Object.keys(CREDENTIALS)) delete process.env[name];
});

const create = (): Promise<CreatedBackup> =>
  createBackup({
    archiveDir: data.archiveDir,
    store,
    settings: {},
    version: '1',
    signer: data.notaryKey,
    nowMs: NOW_MS + ++made,
    chance: '0000',
  });

describe('backups in a bucket', () => {
  it('are made, listed, verified and restored as those in a directory', async () => {
    await data.write(0, [5, 5, 3]);
    const first = await create();
    await data.write(0, [2]);
    const second = await create();
    expect(second.bytesReused).toBeGreaterThan(0);
    expect((await listBackups(store)).map(({ id, isSigned }) => [id, isSigned])).toEqual([
      [first.manifest.id, true],
      [second.manifest.id, true],
    ]);
    for (const { manifest } of [first, second])
      expect(await verifyBackup({ store, id: manifest.id })).toMatchObject({ ok: true, signature: 'good', archive: { ok: true } });
    const dataDir = join(data.root, 'restored');
    expect(await restoreBackup({ store, id: second.manifest.id, dataDir, nowMs: NOW_MS })).toMatchObject({
      partitions: [{ position: '15-0' }, {}],
    });
    for (const { path } of second.manifest.files.filter((file) => /gz$|checkpoint$/.test(file.path)))
      expect(readFileSync(join(dataDir, path))).toEqual(readFileSync(join(data.dataDir, path)));
  }, 30_000);

  it('are not there before they are whole', async () => {
    const writer = await store.begin('20261122T000000.000Z-abcd');
    await writer.put(
      'audit/log.json',
      (async function* () {
        yield Buffer.from('{}');
      })(),
    );
    const ids = await store.list();
    expect(ids).not.toContain('20261122T000000.000Z-abcd');
    await writer.abandon();
    expect(await store.readText('20261122T000000.000Z-abcd', 'audit/log.json')).toBeUndefined();
    expect(await writer.reuse('20250101T000000.000Z-0000', 'audit/log.json')).toBe(false);
  });

  it('need an address', async () => {
    for (const address of ['s3://', 'https://torch', 'torch']) await expect(openS3Store(address)).rejects.toThrow(BackupRefused);
    expect(existsSync(join(data.root, 's3')) && readdirSync(join(data.root, 's3'))).toEqual(['torch']);
  });
});
