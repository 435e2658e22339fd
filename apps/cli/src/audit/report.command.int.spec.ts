import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointSigner, createNotaryKey, LOG_NOTE, NOTARY_KEYS, openArchive, openSegmentName, partitionDir } from '@torch/archive';
import { AuditReport, fieldProblem } from '@torch/contracts';
import { formatVkey } from '@torch/domain-audit';
import { capturedIo, runCaptured } from '../doubles/captured-io';

const LOG_ID = '5f0c6a3e-8a55-4f6f-9c52-0f6f3f5a7f10';
const START_MS = Date.UTC(2026, 10, 2);
const DAY_MS = 24 * 3_600_000;
const COMMITS = 40;
const FIXED = ['--generated-at', '2026-12-01T09:00:00Z'];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'torch-report-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A signed archive of one partition: a commit a day, the first half of them sealed. @returns its directory and its public key. */
async function signedArchive(): Promise<{ dir: string; vkey: string }> {
  const dir = join(root, 'audit');
  const key = createNotaryKey(`torch/${LOG_ID}/notary-1`);
  const archive = await openArchive({
    dir,
    partition: 0,
    sign: checkpointSigner({ logId: LOG_ID, partition: 0, signer: () => key }),
    config: { groupMs: 0 },
  });
  writeFileSync(join(dir, LOG_NOTE), JSON.stringify({ format: 1, logId: LOG_ID, partitions: 1, createdAtMs: START_MS }));
  writeFileSync(join(dir, NOTARY_KEYS), `${formatVkey(key)}\n`);
  for (let seq = 1; seq <= COMMITS; seq++) {
    await archive.room();
    archive.add({ position: { seq, generation: 0 }, body: commitOf(seq) });
    if (seq === COMMITS / 2) await archive.seal();
  }
  await archive.close();
  return { dir, vkey: formatVkey(key) };
}

const commitOf = (seq: number): string =>
  JSON.stringify({
    service: 'scheduler',
    epoch: 1,
    recordedAtMs: START_MS + (seq - 1) * DAY_MS,
    consumed: { entry: '0-0', commands: 0, seq: 0 },
    answers: [],
    events: [
      {
        type: 'task.completed',
        v: 1,
        subject: `task/t${seq}`,
        project: 'default',
        actor: 'agent:dev-1',
        correlationId: 'c',
        data: { taskId: `t${seq}` },
      },
    ],
  });

const jsonReport = (stdout: string): AuditReport => JSON.parse(stdout) as AuditReport;

describe('torch audit report', () => {
  it('reports on a period, and needs nothing but the archive', async () => {
    const { dir } = await signedArchive();
    const { exitCode, stdout, stderr } = await runCaptured([
      'audit',
      'report',
      '--archive',
      dir,
      '--from',
      '2026-11-03',
      '--to',
      '2026-11-05',
      '--json',
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const report = jsonReport(stdout);
    expect(fieldProblem(AuditReport, report)).toBeUndefined();
    expect(report.scope).toMatchObject({ project: 'default', logId: LOG_ID, events: 3, firstPosition: '2-0', lastPosition: '4-0' });
    expect(report.work.counts.tasksCompleted).toBe(3);
    expect(report.integrity.partitions).toEqual([expect.objectContaining({ ok: true, records: COMMITS, unsigned: 0 })]);
    expect(report.integrity.partitions[0]?.checkpoints).toBeGreaterThan(0);
    expect(report.verdict).toMatchObject({ status: 'clean', findings: [{ severity: 'note', section: 'integrity' }] });
  });

  it('finds the archive in the data directory, and in TORCH_ARCHIVE_DIR', async () => {
    const { dir } = await signedArchive();
    expect((await runCaptured(['--data', root, 'audit', 'report', '--format', 'json'])).exitCode).toBe(0);
    expect((await runCaptured(['audit', 'report', '--format', 'json'], capturedIo({ TORCH_ARCHIVE_DIR: dir }))).exitCode).toBe(0);
  });

  it('trusts the key that was kept elsewhere, and no other', async () => {
    const { dir, vkey } = await signedArchive();
    const kept = join(root, 'kept.pub');
    writeFileSync(kept, `${vkey}\n`);
    const trusted = await runCaptured(['audit', 'report', '--archive', dir, '--key', kept, '--json']);
    expect([trusted.exitCode, jsonReport(trusted.stdout).integrity.keysGiven]).toEqual([0, true]);
    writeFileSync(kept, `${formatVkey(createNotaryKey(`torch/${LOG_ID}/notary-1`))}\n`);
    const other = await runCaptured(['audit', 'report', '--archive', dir, '--key', kept, '--json']);
    expect([other.exitCode, jsonReport(other.stdout).verdict.status]).toEqual([1, 'broken']);
  });

  it('ends with 1, names the position, and still reports, when a record was changed', async () => {
    const { dir } = await signedArchive();
    const open = join(partitionDir({ dir, partition: 0 }), openSegmentName(COMMITS / 2 + 1));
    writeFileSync(open, readFileSync(open, 'utf8').replace('"taskId":"t30"', '"taskId":"t31"'));
    const { exitCode, stdout } = await runCaptured(['audit', 'report', '--archive', dir, '--json']);
    expect(exitCode).toBe(1);
    const { verdict } = jsonReport(stdout);
    expect([verdict.status, verdict.findings[0]?.section, verdict.findings[0]?.text]).toEqual([
      'broken',
      'integrity',
      expect.stringContaining('position 30-0'),
    ]);
    expect(jsonReport(stdout).scope.events).toBe(COMMITS);
  });

  it.each(['html', 'csv', 'json'])('gives the same bytes for the same archive and period, as %s', async (format) => {
    const { dir } = await signedArchive();
    const [one, other] = [join(root, 'one'), join(root, 'other')];
    const args = ['audit', 'report', '--archive', dir, '--format', format];
    const printed = await runCaptured([...args, '--out', one, ...FIXED]);
    expect(printed.stdout).toMatch(/^\/.*one: clean\.\n {2}note: /);
    await runCaptured([...args, '--out', other], capturedIo({ SOURCE_DATE_EPOCH: String(Date.UTC(2026, 11, 1, 9) / 1000) }));
    expect(readFileSync(one).length).toBeGreaterThan(500);
    expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
    expect((await runCaptured([...args, ...FIXED])).stdout).toBe(readFileSync(one, 'utf8'));
  });

  it.each([
    [['--from', 'soon'], 2, '--from "soon" must be a date'],
    [['--format', 'pdf'], 2, "'pdf' is invalid"],
    [['--rows-max', '0'], 2, '--rows-max must be a whole number from 1'],
    [['--key', '/no/such/key'], 2, '--key /no/such/key cannot be read'],
    [['--archive', '/no/such/archive'], 1, 'There is no archive in /no/such/archive'],
    [['--out', '/no/such/folder/report.html'], 1, 'could not be written to /no/such/folder/report.html'],
  ])('%j ends with %i', async (args, code, message) => {
    const { dir } = await signedArchive();
    const { exitCode, stderr } = await runCaptured(['audit', 'report', '--archive', dir, ...args]);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(code);
  });

  it('refuses a SOURCE_DATE_EPOCH that is none', async () => {
    const { dir } = await signedArchive();
    const { exitCode, stderr } = await runCaptured(['audit', 'report', '--archive', dir], capturedIo({ SOURCE_DATE_EPOCH: 'now' }));
    expect([exitCode, stderr]).toEqual([2, 'torch: SOURCE_DATE_EPOCH is "now"; it takes whole seconds since 1970.\n']);
  });

  it('writes nothing but the report: the archive is left as it is', async () => {
    const { dir } = await signedArchive();
    await runCaptured(['audit', 'report', '--archive', dir, '--out', join(root, 'report.html')]);
    expect(existsSync(join(partitionDir({ dir, partition: 0 }), 'index'))).toBe(false);
  });
});
