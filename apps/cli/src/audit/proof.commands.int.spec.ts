import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capturedIo, runCaptured } from '../doubles/captured-io';
import { NotarisedArchive } from '../doubles/notarised-archive.double';

let archive: NotarisedArchive;
/** The auditor's own copy of the first key. */
let key: string;
let witness: string;
beforeEach(async () => {
  archive = new NotarisedArchive();
  await archive.add(20);
  key = join(archive.dataDir, 'kept.pub');
  witness = join(archive.dataDir, 'witness.ndjson');
  copyFileSync(join(archive.archiveDir, 'notary.pub'), key);
});

const torch = (...args: string[]) => runCaptured(['audit', ...args, '--data', archive.dataDir]);
const verify = (...args: string[]) => torch('verify', '--offline', archive.archiveDir, '--key', key, ...args);
const flipIn = (name: string, at: number): void => {
  const path = join(archive.archiveDir, name);
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
};

describe('torch audit verify --offline', () => {
  it('needs no running Torch', async () => {
    const { exitCode, stdout, stderr } = await verify();
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/p00 +20 +20 +20-0 +2 +[0-9a-f]{12} +ok\n/);
    expect(stdout).toContain('The archive is whole, and signed by keys that you trust.');
    expect(JSON.parse((await verify('--json')).stdout)).toMatchObject({
      ok: true,
      logId: 'log-1',
      partitions: [{ records: 20, signedSeq: 20 }, { partition: 1 }],
    });
  });

  it('names the first bad position', async () => {
    flipIn('p01/segment-0000000000000001.ndjson.gz', 60);
    const { exitCode, stdout } = await verify();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/The record does not hold: the first bad position is \d+-0 of partition 1\./);
    expect(JSON.parse((await verify('--json')).stdout)).toMatchObject({
      ok: false,
      partitions: [{ ok: true }, { ok: false, badPosition: expect.stringMatching(/^\d+-0$/) }],
    });
  });

  it('does not trust the keys of the archive', async () => {
    const other = new NotarisedArchive();
    await other.add(3);
    copyFileSync(join(other.archiveDir, 'notary.pub'), key);
    expect((await verify()).exitCode).toBe(1);
    expect((await verify()).stdout).toContain('by no key that is trusted');
  });

  it('trusts a key that a trusted one has handed over to', async () => {
    expect((await torch('key', 'rotate')).exitCode).toBe(0);
    await archive.add(5);
    expect((await verify()).exitCode).toBe(0);
    rmSync(join(archive.archiveDir, 'notary.rotations'));
    expect((await verify()).exitCode).toBe(1);
  });

  it('says how to use it', async () => {
    expect((await torch('verify', '--offline', archive.archiveDir)).stderr).toContain('--offline needs --key');
    expect((await torch('verify', '--key', key)).stderr).toContain('--key goes with --offline');
    for (const [text, problem] of [
      ['', 'holds no public key'],
      ['not a key\n', 'Line 1 of'],
    ] as const) {
      writeFileSync(key, text);
      expect(await verify()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(problem) });
    }
    rmSync(key);
    expect(await verify()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is not there') });
    expect(await torch('verify', '--offline', '/nowhere', '--key', join(archive.archiveDir, 'notary.pub'))).toMatchObject({ exitCode: 1 });
  });
});

describe('torch audit witness', () => {
  const look = (...args: string[]) => torch('witness', '--file', witness, '--key', key, ...args);
  const kept = (): number => readFileSync(witness, 'utf8').trimEnd().split('\n').length;

  it('keeps each newest checkpoint once, as long as the history carries on', async () => {
    expect(await look()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 checkpoints were added') });
    expect(await look()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('0 checkpoints were added') });
    for (const count of [1, 7, 30]) {
      await archive.add(count);
      expect((await look()).exitCode).toBe(0);
    }
    expect(kept()).toBe(8);
  });

  it('finds a history that was written anew with the very same key', async () => {
    await look();
    await archive.add(10);
    await look();
    archive.forget();
    await archive.add(20);
    await archive.add(5, 'another history');
    await archive.add(20);
    expect((await verify()).exitCode).toBe(0);
    const { exitCode, stdout } = await look();
    expect(exitCode).toBe(1);
    expect(stdout).toContain('p00 was rewritten: somewhere behind 20-0, up to 30-0, it is not the history that was witnessed.');
    expect(kept()).toBe(4);
  });

  it('finds a history that was cut back, or taken away', async () => {
    await look();
    archive.forget();
    await archive.add(19);
    expect((await look()).stdout).toContain('p00 ends with 19-0, and 20-0 was witnessed: the history was cut back.');
    rmSync(join(archive.archiveDir, 'p01', 'checkpoint'));
    expect((await look()).stdout).toContain('p01 has no checkpoint any more; one for 20-0 was witnessed.');
  });

  it('finds that the archive is of another log', async () => {
    await look();
    const other = new NotarisedArchive('log-2');
    await other.add(30);
    const { exitCode, stdout } = await torch(
      'witness',
      '--file',
      witness,
      '--archive',
      other.archiveDir,
      '--key',
      join(other.archiveDir, 'notary.pub'),
    );
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('is not to be trusted')]);
  });

  it('refuses a witness file that was damaged', async () => {
    await look();
    writeFileSync(witness, `{"partition":0}\n`);
    expect(await look()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Line 1 of') });
  });
});

describe('torch audit prove', () => {
  const prove = (...args: string[]) => torch('prove', ...args, '--key', key);

  it('makes a proof that holds with nothing but the key', async () => {
    const { exitCode, stdout } = await prove('7-0', '--partition', '1');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      logId: 'log-1',
      partition: 1,
      position: '7-0',
      index: 6,
      commit: expect.stringContaining('"x 7"'),
    });
    const file = join(archive.dataDir, 'proof.json');
    writeFileSync(file, stdout);
    rmSync(archive.archiveDir, { recursive: true });
    expect(await prove('--check', file)).toMatchObject({ exitCode: 0, stdout: 'Commit 7-0 is in partition 1 of log log-1.\n' });
    writeFileSync(file, stdout.replace('x 7', 'y 7'));
    expect(await prove('--check', file)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('The proof does not hold: The leaf'),
    });
    expect(JSON.parse((await prove('--check', file, '--json')).stdout)).toMatchObject({ ok: false, position: '7-0' });
  });

  it('takes a seq alone, and the project for the partition', async () => {
    expect(JSON.parse((await prove('7', '--json')).stdout)).toMatchObject({ position: '7-0' });
    expect(await prove('7-1')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is 7-0, not 7-1') });
    expect(await prove('21')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('ends with 20') });
  });

  it('says how to use it', async () => {
    for (const args of [[], ['x'], ['0'], ['-1'], ['7', '--check', 'f'], ['--check', 'nowhere']])
      expect((await prove(...args)).exitCode).toBe(2);
    expect((await torch('prove', '--check', 'f')).exitCode).toBe(2);
    expect(await prove('1', '--partition', '99')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('partitions, 0 to ') });
    writeFileSync(join(archive.dataDir, 'no-proof'), '{}');
    expect(await prove('--check', join(archive.dataDir, 'no-proof'))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('is not a proof'),
    });
  });
});

describe('torch audit key', () => {
  it('shows the keys, and puts another in place of the one in use', async () => {
    const first = readFileSync(key, 'utf8').trim();
    expect(await torch('key', 'show')).toEqual({ exitCode: 0, stdout: `${first}\n`, stderr: '' });
    const rotated = JSON.parse((await torch('key', 'rotate', '--json')).stdout) as { vkey: string };
    expect(rotated.vkey).toMatch(/^torch\/log-1\/notary-2\+/);
    expect((await torch('key', 'show')).stdout).toBe(`${first}\n${rotated.vkey}\n`);
    expect(JSON.parse((await torch('key', 'show', '--json')).stdout)).toEqual({
      keys: [
        { vkey: first, inUse: false },
        { vkey: rotated.vkey, inUse: true },
      ],
    });
    expect(readFileSync(join(archive.dataDir, 'keys', 'notary.key'), 'utf8')).toContain(rotated.vkey);
  });

  it('fails where there is none', async () => {
    const io = capturedIo();
    for (const command of ['show', 'rotate']) expect((await runCaptured(['audit', 'key', command], io)).exitCode).toBe(1);
  });
});
