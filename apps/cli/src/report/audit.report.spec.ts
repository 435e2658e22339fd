import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSegmentName, partitionDir } from '@torch/archive';
import { AuditReport, fieldProblem } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { partitionOf } from '@torch/log';
import {
  FIXTURE_COMMITS,
  FIXTURE_LOG_ID,
  FIXTURE_PARTITIONS,
  FIXTURE_START_MS,
  type FixtureCommit,
  HOSTILE,
  writeArchive,
} from './archive.fixture';
import { auditReport, type ReportRequest } from './audit.report';
import type { IntegrityCheck } from './report.integrity';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function archive(commits: readonly FixtureCommit[] = FIXTURE_COMMITS): string {
  const folder = mkdtempSync(join(tmpdir(), 'torch-report-'));
  folders.push(folder);
  return writeArchive(join(folder, 'audit'), commits);
}

const whole: IntegrityCheck = async ({ partitions }) => ({
  keysGiven: true,
  partitions: partitions.map((partition) => ({
    partition,
    ok: true,
    records: 12,
    pruned: 1,
    unsigned: 0,
    checkpoints: 2,
    lastPosition: '12-1',
  })),
  keys: [{ name: 'torch/notary-1', keyId: 'd662b7ca' }],
});

async function report(dir: string, more: Partial<ReportRequest> = {}): Promise<AuditReport> {
  const made = await auditReport({ dir, project: 'default', period: {}, generatedAtMs: 1_800_000_000_000, checkIntegrity: whole, ...more });
  expect(fieldProblem(AuditReport, JSON.parse(JSON.stringify(made)))).toBeUndefined();
  return made;
}

const DAY_MS = 24 * 3_600_000;

describe('a report', () => {
  it('says who did what', async () => {
    const { actors } = await report(archive());
    expect(actors.rows.map(({ actor, kind, events }) => [actor, kind, events])).toEqual([
      ['user:ada', 'person', 9],
      ['agent:dev-1', 'agent', 4],
      ['agent:dev-2', 'agent', 1],
      ['service:scheduler', 'service', 4],
      ['service:registry', 'service', 1],
    ]);
    expect(actors.rows[0]).toMatchObject({
      firstAtMs: FIXTURE_START_MS + 60_000,
      lastAtMs: FIXTURE_START_MS + DAY_MS,
      types: expect.arrayContaining([{ type: 'run.submitted', events: 1 }]),
    });
    expect(actors.more).toBe(0);
  });

  it('says what became of runs and tasks, and by whom', async () => {
    const { work } = await report(archive());
    expect(work.counts).toEqual({
      runsSubmitted: 1,
      runsCompleted: 0,
      runsFailed: 1,
      runsCancelled: 0,
      tasksSubmitted: 2,
      tasksCompleted: 1,
      tasksFailed: 0,
      tasksDeadLettered: 1,
      tasksCancelled: 1,
      tasksRetried: 1,
      tasksRequeued: 1,
      attemptsFailed: 1,
    });
    expect(work.by).toEqual([
      { actor: 'agent:dev-1', runsSubmitted: 0, tasksCompleted: 0, attemptsFailed: 1, tasksRetried: 0, cancelled: 0 },
      { actor: 'agent:dev-2', runsSubmitted: 0, tasksCompleted: 1, attemptsFailed: 0, tasksRetried: 0, cancelled: 0 },
      { actor: 'user:ada', runsSubmitted: 1, tasksCompleted: 0, attemptsFailed: 0, tasksRetried: 1, cancelled: 1 },
    ]);
    expect(work.runs).toEqual([
      expect.objectContaining({ runId: 'run-1', name: HOSTILE, submittedBy: 'user:ada', status: 'failed', deadLettered: 1 }),
    ]);
  });

  it('says who was let in and who was not', async () => {
    const { access } = await report(archive());
    expect(access.granted.rows).toEqual([
      expect.objectContaining({ caller: 'user:ada', access: 'write', windows: 2, network: '198.51.100.0/24' }),
    ]);
    expect(access.refused).toMatchObject({ requests: 17, rows: [{ caller: 'agent:dev-1', code: 'forbidden', count: 17 }], more: 0 });
    expect(access.refusedWithoutProject).toMatchObject({ requests: 40, rows: [{ code: 'unauthorized', count: 40 }] });
    expect(access.refusedWithoutProject.rows[0]).not.toHaveProperty('caller');
  });

  it('says what failed, and how the log went on', async () => {
    const { failures, continuity } = await report(archive());
    expect(failures.counts.map(({ type, events }) => `${type} ${events}`)).toEqual([
      'agent.lost 1',
      'task.attempt-failed 1',
      'task.dead-lettered 1',
    ]);
    expect(failures.rows.find(({ type }) => type === 'agent.lost')).toMatchObject({
      detail: 'reason: No sign of life for 25 s.',
      actor: 'service:registry',
    });
    expect(continuity.recoveries).toEqual([expect.objectContaining({ firstLostSeq: 10, seenPosition: '11-0', commitsLost: 2 })]);
    expect(continuity.leases.find(({ service }) => service === 'scheduler')).toEqual({
      service: 'scheduler',
      firstEpoch: 1,
      lastEpoch: 3,
      changes: 1,
      commits: 6,
    });
    expect(continuity.leaseChanges).toEqual([expect.objectContaining({ service: 'scheduler', fromEpoch: 1, toEpoch: 3 })]);
  });

  it('fills the sections of approvals, budgets and retention by the types of events, and leaves out the neighbour’s', async () => {
    const { approvals, budgets, retention, integrity, scope } = await report(archive());
    expect([approvals, budgets].map(({ rows }) => rows.map(({ type, detail }) => `${type} ${detail}`))).toEqual([
      ['approval.given note: Ship it.'],
      ['budget.exceeded costUsd: 5.11'],
    ]);
    expect(retention.rows.map(({ type, actor }) => `${type} ${actor}`)).toEqual(['hold.placed user:ada', 'subject.erased user:ada']);
    expect(integrity.keyChanges.rows.map(({ type }) => type)).toEqual(['notary.key-rotated']);
    expect(scope).toMatchObject({ logId: FIXTURE_LOG_ID, partitions: 2, events: 19, prunedRecords: 1, firstAtMs: FIXTURE_START_MS });
    expect(JSON.stringify(await report(archive()))).not.toMatch(/bob|neighbour/);
  });

  it('has a verdict with what somebody should look at', async () => {
    const { verdict } = await report(archive());
    expect(verdict.status).toBe('attention');
    expect(verdict.findings.map(({ severity, section }) => `${severity} ${section}`)).toEqual([
      'attention continuity',
      'attention access',
      'attention work',
      'attention failures',
      'note retention',
      'note access',
      'note continuity',
    ]);
    expect(verdict.findings[1]?.text).toBe('17 requests to the project were refused.');
  });

  it('is clean when there is nothing to look at', async () => {
    const { verdict } = await report(archive(FIXTURE_COMMITS.slice(0, 3)));
    expect(verdict).toEqual({ status: 'clean', findings: [] });
  });
});

describe('every type of event that was ever written', () => {
  const folder = join(__dirname, '../../../../libs/contracts/golden');
  const golden = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as AnyEvent);
  const commits = golden.map(({ v, type, subject, project, actor, data }, i): FixtureCommit => ({
    service: 'gateway',
    atMin: i,
    partitionOfProject: project,
    events: [{ v, type, subject, project, actor, data: data as object }],
  }));

  it('can be reported on, and is where it belongs', async () => {
    const { scope, failures, retention, integrity, access } = await report(archive(commits));
    expect(scope.events).toBe(golden.filter(({ project }) => project === 'default').length);
    const listed = [...failures.rows, ...retention.rows, ...integrity.keyChanges.rows].map(({ type }) => type);
    const belongs = golden
      .map(({ type }) => type)
      .filter((type) => /^(retention|hold|subject|notary)\.|\.(fenced|lost|dead-lettered|quarantined)$/.test(type));
    expect(belongs.filter((type) => !listed.includes(type))).toEqual([]);
    expect(belongs.length).toBeGreaterThan(8);
    expect([access.granted.rows.length, access.refused.requests]).toEqual([1, 14]);
  });
});

describe('the period', () => {
  const first = { fromMs: FIXTURE_START_MS, toMs: FIXTURE_START_MS + 5 * 60_000 };

  it('is from its beginning on, and before its end', async () => {
    const { scope, work } = await report(archive(), { period: first });
    expect(scope).toMatchObject({ ...first, firstAtMs: first.fromMs, lastAtMs: first.fromMs + 2 * 60_000, commits: 3, events: 6 });
    expect(work.counts).toMatchObject({ runsSubmitted: 1, attemptsFailed: 0 });
  });

  it('shows a run that ended in it and was submitted before', async () => {
    const { work } = await report(archive(), { period: { fromMs: FIXTURE_START_MS + 10 * 60_000 } });
    expect(work.runs).toEqual([expect.objectContaining({ runId: 'run-1', status: 'failed' })]);
    expect(work.runs[0]).not.toHaveProperty('submittedBy');
  });

  it('without anything in it is said to be empty', async () => {
    const { verdict, scope } = await report(archive(), { period: { fromMs: FIXTURE_START_MS + 30 * DAY_MS } });
    expect(scope).toMatchObject({ commits: 0, events: 0 });
    expect(verdict.findings).toContainEqual({
      severity: 'note',
      section: 'scope',
      text: 'The archive holds no event of the project in this period.',
    });
  });

  it('adds up: two halves have what the whole has', async () => {
    const dir = archive();
    const cut = FIXTURE_START_MS + 8 * 60_000;
    const [all, before, after] = [
      await report(dir),
      await report(dir, { period: { toMs: cut } }),
      await report(dir, { period: { fromMs: cut } }),
    ];
    for (const count of Object.keys(all.work.counts) as (keyof typeof all.work.counts)[])
      expect(before.work.counts[count] + after.work.counts[count]).toBe(all.work.counts[count]);
    expect(before.scope.events + after.scope.events).toBe(all.scope.events);
  });
});

describe('more than there is room for', () => {
  const actors = Array.from({ length: 30 }, (_, i): FixtureCommit => ({
    service: 'scheduler',
    atMin: i,
    events: [
      { type: 'run.submitted', subject: `run/r${i}`, actor: `user:u${i}`, data: { runId: `r${i}`, tasks: 1 } },
      { type: 'agent.lost', subject: `agent/a${i}`, actor: 'service:registry', data: {} },
      {
        type: 'access.refused',
        subject: `access/user:u${i}`,
        actor: `user:u${i}`,
        data: { caller: `user:u${i}`, method: 'GET', route: '/', code: 'forbidden', count: 2 },
      },
    ],
  }));

  it('is counted, so that the sums are right', async () => {
    const { actors: who, work, access, failures, scope } = await report(archive(actors), { rowsMax: 5 });
    const listed = who.rows.reduce((sum, { events }) => sum + events, 0);
    expect([who.rows.length, listed + who.more, scope.events]).toEqual([5, 90, 90]);
    expect([work.runs.length, work.runsMore, work.counts.runsSubmitted]).toEqual([5, 25, 30]);
    expect([work.by.length, work.byMore]).toEqual([5, 25]);
    expect([access.refused.rows.length, access.refused.more, access.refused.requests]).toEqual([5, 50, 60]);
    expect([failures.rows.length, failures.more, failures.events, failures.counts]).toEqual([
      5,
      25,
      30,
      [{ type: 'agent.lost', events: 30 }],
    ]);
  });
});

describe('an archive that does not hold', () => {
  const own = partitionOf('default', FIXTURE_PARTITIONS);

  it('makes the verdict, with the first bad position', async () => {
    const broken: IntegrityCheck = async () => ({
      keysGiven: true,
      partitions: [
        {
          partition: own,
          ok: false,
          records: 4,
          pruned: 0,
          unsigned: 0,
          checkpoints: 0,
          badPosition: '5-0',
          problem: 'The hash is not that of the content.',
        },
      ],
      keys: [],
    });
    const { verdict } = await report(archive(), { checkIntegrity: broken });
    expect(verdict.status).toBe('broken');
    expect(verdict.findings[0]?.text).toBe(
      `The record of partition ${own} does not hold from position 5-0 on. The hash is not that of the content.`,
    );
  });

  it('is reported on as far as it can be read', async () => {
    const dir = archive();
    const file = join(partitionDir({ dir, partition: own }), openSegmentName(1));
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [...lines.slice(0, 4), ...lines.slice(5)].join('\n'));
    const { verdict, scope } = await report(dir);
    expect(verdict.status).toBe('broken');
    expect(verdict.findings[0]?.text).toMatch(/^The period could not be read to its end, so this report is not complete\. .*missing/);
    expect(scope.commits).toBe(4);
  });

  it('that is not there is an error', async () => {
    await expect(report(join(tmpdir(), 'no-such-archive'))).rejects.toThrow('There is no archive in');
  });
});
