import { ensureNotaryKey, Notary, openArchive } from '@torch/archive';
import { encodeCommit } from '@torch/log';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capturedIo, type CapturedIo, runCaptured } from '../doubles/captured-io';

const LOG_ID = '5f0c6a3e-8a55-4f6f-9c52-0f6f3f5a7f10';
const START_MS = Date.UTC(2026, 10, 1);
const COMMITS = 12;

/** A data directory with an archive of one partition: a commit a minute. */
async function dataDirectory(): Promise<CapturedIo> {
  const io = capturedIo({ TORCH_TOKEN_SECRET: 'hush-hush', TORCH_PARTITIONS: '1', TORCH_LOG_URL: 'redis://torch-reader:hush@log.example' });
  const dataDir = join(io.cwd, '.torch');
  const archiveDir = join(dataDir, 'audit');
  mkdirSync(archiveDir, { recursive: true });
  writeFileSync(join(archiveDir, 'log.json'), JSON.stringify({ format: 1, logId: LOG_ID, partitions: 1, createdAtMs: START_MS }));
  await ensureNotaryKey({ dataDir, archiveDir }, LOG_ID);
  const notary = await Notary.open({ dataDir, archiveDir, logId: LOG_ID });
  const archive = await openArchive({ dir: archiveDir, partition: 0, sign: notary.signer(0) });
  for (let seq = 1; seq <= COMMITS; seq++) {
    archive.add({ position: { seq, generation: 0 }, body: commit(seq) });
    if (seq === 8) await archive.seal();
  }
  await archive.flush();
  await archive.close();
  return io;
}

const commit = (seq: number): string =>
  encodeCommit({
    service: 'scheduler',
    epoch: 1,
    recordedAtMs: START_MS + seq * 60_000,
    consumed: { entry: `${seq}-0`, commands: 1, seq: seq - 1 },
    answers: [],
    events: [],
  });

/** The same directory for another command. */
const again = (io: CapturedIo): CapturedIo => ({ ...capturedIo(io.env), cwd: io.cwd });
const json = async <T>(io: CapturedIo, ...args: string[]): Promise<T> =>
  JSON.parse((await runCaptured(['--json', ...args], again(io))).stdout) as T;

describe('torch backup', () => {
  it('makes a backup, lists it, verifies it and restores it, without a running Torch', async () => {
    const io = await dataDirectory();
    const created = await runCaptured(['backup', 'create', '--out', 'safe'], again(io));
    expect(created).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Backup \S+ is in .*safe: 12 commits of 1 partitions in/) as string,
    });
    const [id] = readdirSync(join(io.cwd, 'safe'));
    const listed = await json<{ backups: { id: string; bytes: number; isSigned: boolean }[] }>(io, 'backup', 'list', '--store', 'safe');
    expect(listed.backups).toMatchObject([{ id, isSigned: true }]);
    const verified = await runCaptured(['backup', 'verify', '--store', 'safe', '--key', '.torch/audit/notary.pub'], again(io));
    expect(verified).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('12 records verified. The notary signed it.') as string,
    });
    const restored = await runCaptured(['backup', 'restore', id ?? '', '--store', 'safe', '--into', 'new'], again(io));
    expect(restored).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`Start it with "torch up --data ${join(io.cwd, 'new')}".`) as string,
    });
    expect(readFileSync(join(io.cwd, 'new', 'audit', 'log.json'))).toEqual(readFileSync(join(io.cwd, '.torch', 'audit', 'log.json')));
  });

  it('keeps backups in the data directory unless told otherwise', async () => {
    const io = await dataDirectory();
    await runCaptured(['backup', 'create'], again(io));
    expect(readdirSync(join(io.cwd, '.torch', 'backups'))).toHaveLength(1);
    const elsewhere = { ...again(io), env: { ...io.env, TORCH_BACKUP_STORE: 'elsewhere' } };
    await runCaptured(['backup', 'create'], elsewhere);
    expect(readdirSync(join(io.cwd, 'elsewhere'))).toHaveLength(1);
    expect(await json(io, 'backup', 'list', '--store', 'nowhere')).toMatchObject({ backups: [] });
  });

  it('keeps settings without what is secret, and no private key', async () => {
    const io = await dataDirectory();
    await runCaptured(['backup', 'create', '--out', 'safe'], again(io));
    const all = readdirSync(join(io.cwd, 'safe'), { recursive: true, encoding: 'utf8' }).map((path) => join(io.cwd, 'safe', path));
    const texts = all.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1'));
    const settings = texts.find((text) => text.includes('"platform"')) ?? '';
    expect(JSON.parse(settings)).toMatchObject({
      env: { TORCH_PARTITIONS: '1', TORCH_TOKEN_SECRET: null, TORCH_LOG_URL: 'redis://log.example' },
    });
    for (const text of texts) expect(text).not.toMatch(/hush|PRIVATE KEY/);
  });

  it('restores up to a time or a position, and says what it left out', async () => {
    const io = await dataDirectory();
    await runCaptured(['backup', 'create', '--out', 'safe'], again(io));
    const at = (point: string, into: string) =>
      runCaptured(['backup', 'restore', '--store', 'safe', '--into', into, '--at', point], again(io));
    expect((await at('2026-11-01T00:05:30Z', 'by-time')).stdout).toContain('Partition 0 ends with 5-0; it went to 12-0.');
    expect((await at('9', 'by-seq')).stdout).toContain('Partition 0 ends with 9-0; it went to 12-0.');
    expect((await at('9-0', 'by-position')).stdout).toContain('Partition 0 ends with 9-0');
    expect(await at('9-4', 'no')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('has no 9-4') as string });
    expect(await at('yesterday', 'no')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--at "yesterday" is not a time') as string,
    });
  });

  it('refuses what cannot be, and says why', async () => {
    const io = await dataDirectory();
    await runCaptured(['backup', 'create', '--out', 'safe'], again(io));
    const refused = async (...args: string[]): Promise<string> => {
      const { exitCode, stderr } = await runCaptured(['backup', ...args], again(io));
      expect(exitCode).not.toBe(0);
      return stderr;
    };
    expect(await refused('restore', '--store', 'safe', '--into', '.torch')).toContain('is not empty');
    expect(await refused('restore', '--store', 'safe', '--into', 'new', '20200101T000000.000Z-0000')).toContain(
      'There is no backup 20200101T000000.000Z-0000 in',
    );
    expect(await refused('verify', '--store', 'nowhere')).toContain('There is none.');
    expect(await refused('create', '--out', 'a', '--store', 'b')).toContain('Give either --store or --out.');
    expect(await refused('create', '--store', 's3://')).toContain('is not an address such as s3://bucket/prefix.');
    const [id = ''] = readdirSync(join(io.cwd, 'safe'));
    writeFileSync(join(io.cwd, 'safe', id, 'audit', 'p00', 'manifest.ndjson'), '');
    const { exitCode, stdout } = await runCaptured(['backup', 'verify', '--store', 'safe'], again(io));
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: expect.stringContaining('BAD  audit/p00/manifest.ndjson: It has 0 bytes') as string,
    });
  });
});
