import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { archiveOf, emptyArchive } from '../doubles/archive.double';
import { capturedIo, runCaptured } from '../doubles/captured-io';
import { runCli } from '../cli';

const ROOT = join(__dirname, '../../../..');

let dir: string;
beforeAll(async () => {
  const task = (type: string, data: object, correlationId = 'c-1') => ({ type, subject: 'task/t1', correlationId, data });
  dir = await archiveOf({
    0: [
      [[task('task.submitted', { taskId: 't1' })], [task('task.attempt-failed', { agentId: 'dev-1', durationMs: 3000 })]],
      [
        [
          task('task.completed', { agentId: 'dev-2', durationMs: 1500 }),
          { ...task('run.ended', { note: 'a "b", c\nd' }), subject: 'run/r1' },
        ],
      ],
    ],
  });
});

const sql = (select: string, ...args: string[]) => runCaptured(['audit', 'sql', select, '--archive', dir, ...args]);

describe('torch audit sql', () => {
  it('answers with a table', async () => {
    expect(await sql('select seq, type, subject from events order by seq, index')).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        'seq  type                 subject',
        '  1  task.submitted       task/t1',
        '  2  task.attempt-failed  task/t1',
        '  3  task.completed       task/t1',
        '  3  run.ended            run/r1',
        '',
      ].join('\n'),
    });
  });

  it('answers with JSON: numbers, times and objects as such', async () => {
    const select =
      "select seq, time, data, null as nothing, pow(2, 62)::bigint as large, 1.5::double as part from events where type = 'run.ended'";
    const row = {
      seq: 3,
      time: '2026-11-01T00:02:00Z',
      data: { note: 'a "b", c\nd' },
      nothing: null,
      large: '4611686018427387904',
      part: 1.5,
    };
    for (const args of [['--json'], ['--format', 'json']]) expect(JSON.parse((await sql(select, ...args)).stdout)).toEqual([row]);
  });

  it('answers with CSV', async () => {
    const { stdout } = await sql('select type, data->>\'note\' as "the,note" from events order by seq, index', '--format', 'csv');
    expect(stdout).toBe('type,"the,note"\r\ntask.submitted,\r\ntask.attempt-failed,\r\ntask.completed,\r\nrun.ended,"a ""b"", c\nd"\n');
  });

  it('says when rows are left out', async () => {
    const { exitCode, stdout, stderr } = await sql('select seq from events', '--rows-max', '2', '--format', 'csv');
    expect([exitCode, stdout.split('\n').length, stderr]).toEqual([
      0,
      4,
      'There are more than 2 rows; the rest is left out. Raise --rows-max to have them.\n',
    ]);
  });

  it('tells wrong usage from a query that failed', async () => {
    expect(await sql('delete from events')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('give one SELECT') as string,
    });
    expect(await sql('select nothing from events')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('"nothing" not found') as string,
    });
    expect(await sql('select type::int from events')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Could not convert') as string,
    });
    expect(await runCaptured(['audit', 'sql', 'select 1', '--archive', '/nowhere'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no archive in /nowhere') as string,
    });
    expect((await sql('select 1', '--memory-mib', '1')).exitCode).toBe(2);
  });

  it('ends with Ctrl-C', async () => {
    const io = capturedIo();
    const running = runCli(
      ['audit', 'sql', 'select count(*) from range(100000000000) where range % 7 = 3', '--archive', emptyArchive()],
      io,
    );
    const interrupting = setInterval(() => io.interrupt(), 100);
    expect([await running, io.written.stderr]).toEqual([130, 'The query was interrupted.\n']);
    clearInterval(interrupting);
  });
});

describe('docs/audit-sql.md', () => {
  const text = readFileSync(join(ROOT, 'docs/audit-sql.md'), 'utf8');
  const questions = [...text.matchAll(/^([^\n]+:)\n\n```sql\n([^]*?)```/gm)].map(([, title, select]) => [
    title as string,
    select as string,
  ]);

  it('has five questions', () => {
    expect(questions).toHaveLength(5);
  });

  it.each(questions)('%s', async (_, select) => {
    const { exitCode, stdout, stderr } = await sql(select, '--json');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect((JSON.parse(stdout) as object[]).length).toBeGreaterThan(0);
  });

  it.each(['events', 'commits'])('names every column of %s, and no other', async (view) => {
    const columns = JSON.parse((await sql(`describe ${view}`, '--json')).stdout) as { column_name: string }[];
    const section = text.split('\n## ').find((part) => part.startsWith(`\`${view}\``)) as string;
    const named = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names]) =>
      [...(names as string).matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(named.sort()).toEqual(columns.map(({ column_name: name }) => name).sort());
  });
});

describe('the command line', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(ROOT, 'node_modules', '.torch-cli-'));
    const program = `import('./tools/dev/bundle.mjs').then(({ bundle }) => bundle(process.cwd(), [{ source: 'apps/cli/src/main.ts', output: ${JSON.stringify(folder)} }]))`;
    await promisify(execFile)(process.execPath, ['-e', program], { cwd: ROOT });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Packages that a run of the built command loads. */
  async function packagesLoadedBy(...args: string[]): Promise<string[]> {
    const report = `process.on('exit', () => process.stderr.write('\\n' + JSON.stringify(Object.keys(require.cache))))`;
    const preload = join(folder, 'report.cjs');
    await promisify(execFile)(process.execPath, [
      '-e',
      `require('node:fs').writeFileSync(${JSON.stringify(preload)}, ${JSON.stringify(report)})`,
    ]);
    const { stderr } = await promisify(execFile)(process.execPath, ['--require', preload, join(folder, 'main.js'), ...args]);
    const files = JSON.parse(stderr.split('\n').at(-1) as string) as string[];
    return [...new Set(files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/.][^/]*)/.exec(file)?.[1] ?? ''))].filter(Boolean);
  }

  it('starts, and reads the archive, without loading DuckDB', async () => {
    for (const args of [['--version'], ['audit', '--help'], ['audit', 'events', '--archive', dir]]) {
      expect((await packagesLoadedBy(...args)).filter((name) => name.startsWith('@duckdb/'))).toEqual([]);
    }
  });

  it('loads it for SQL', async () => {
    expect(await packagesLoadedBy('audit', 'sql', 'select 1', '--archive', dir)).toEqual(
      expect.arrayContaining(['@duckdb/node-api', '@duckdb/node-bindings']),
    );
  });
});
