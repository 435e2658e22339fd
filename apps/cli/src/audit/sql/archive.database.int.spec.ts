import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as duckdb from '@duckdb/node-api';
import { archiveOf, emptyArchive } from '../../doubles/archive.double';
import { ArchiveDatabase } from './archive.database';
import { archiveFiles } from './archive.views';
import { loadDuckDb } from './duckdb';

const LIMITS = { rowsMax: 1000 };
const event = (n: number) => ({ type: n % 2 === 0 ? 'task.submitted' : 'task.completed', subject: `task/t${n}`, correlationId: `c-${n}` });

let dir: string;
let database: ArchiveDatabase;
const opened: ArchiveDatabase[] = [];

async function open(of: string, memoryMib = 256): Promise<ArchiveDatabase> {
  const made = await ArchiveDatabase.open(duckdb, await archiveFiles(of), { memoryMib });
  opened.push(made);
  return made;
}

beforeAll(async () => {
  dir = await archiveOf({
    1: [[[event(1), event(2)], [event(3)]], [[]], [[event(4)]]],
    3: [[[{ ...event(5), project: 'shop', actor: 'agent:dev-1', causationId: 'cmd-5', v: 2, data: { deep: { list: [1, 'ü"\n'] } } }]]],
  });
  database = await open(dir);
});
afterAll(() => opened.forEach((made) => made.close()));

const rowsOf = async (sql: string, of = database) => (await of.select(sql, LIMITS)).rows;

describe('the archive in SQL', () => {
  it('has every event of sealed and open segments, of every partition', async () => {
    expect(await rowsOf('select partition, seq, generation, index, position, subject from events order by partition, seq, index')).toEqual([
      [1, '1', 0, '0', '1-0', 'task/t1'],
      [1, '1', 0, '1', '1-0', 'task/t2'],
      [1, '2', 0, '0', '2-0', 'task/t3'],
      [1, '4', 0, '0', '4-0', 'task/t4'],
      [3, '1', 0, '0', '1-0', 'task/t5'],
    ]);
    expect(
      await rowsOf(
        "select type, v, project, actor, correlation_id, causation_id, time, data, data->'deep'->'list'->>1 from events where project = 'shop'",
      ),
    ).toEqual([
      ['task.completed', 2, 'shop', 'agent:dev-1', 'c-5', 'cmd-5', '2026-11-01 00:00:00', '{"deep":{"list":[1,"ü\\"\\n"]}}', 'ü"\n'],
    ]);
  });

  it('has every commit', async () => {
    expect(
      await rowsOf('select partition, seq, service, epoch, recorded_at, events, length(hash), pruned from commits order by partition, seq'),
    ).toEqual([
      [1, '1', 'scheduler', '7', '2026-11-01 00:00:00', '2', '64', false],
      [1, '2', 'scheduler', '7', '2026-11-01 00:01:00', '1', '64', false],
      [1, '3', 'scheduler', '7', '2026-11-01 00:02:00', '0', '64', false],
      [1, '4', 'scheduler', '7', '2026-11-01 00:03:00', '1', '64', false],
      [3, '1', 'scheduler', '7', '2026-11-01 00:00:00', '1', '64', false],
    ]);
  });

  it('says what columns there are', async () => {
    const { columns, rows } = await database.select('describe events', LIMITS);
    expect(columns[0]).toEqual({ name: 'column_name', type: 'VARCHAR' });
    expect(rows.map(([name, type]) => `${String(name)} ${String(type)}`)).toEqual([
      'partition INTEGER',
      'seq BIGINT',
      'generation INTEGER',
      'index BIGINT',
      'position VARCHAR',
      'type VARCHAR',
      'v INTEGER',
      'subject VARCHAR',
      'project VARCHAR',
      'actor VARCHAR',
      'correlation_id VARCHAR',
      'causation_id VARCHAR',
      'time TIMESTAMP',
      'data JSON',
    ]);
  });

  it.each([
    'show tables',
    'describe commits',
    'summarize select epoch from commits',
    'from events select count(*)',
    'with t as (select 1 as a) select * from t;',
    'values (1), (2)',
    'select e.key, r.range from json_each(\'{"a":1}\') e, range(2) r, generate_series(1, 2) g, unnest([1]) u',
    "select * from duckdb_columns() where table_name = 'events'",
  ])('answers %s', async (sql) => {
    expect((await rowsOf(sql)).length).toBeGreaterThan(0);
  });

  it('leaves out the line that is being written, and knows an emptied record for what it is', async () => {
    const growing = await archiveOf({ 0: [[[event(1)]]] });
    const segment = join(growing, 'p00', readdirSync(join(growing, 'p00')).find((name) => name.startsWith('segment-')) as string);
    const line = readFileSync(segment, 'utf8');
    const emptied = line.replace('"1-0"', '"2-0"').replace(/"commit":.*/, `"leaf":"${'a'.repeat(64)}"}`);
    appendFileSync(segment, `${emptied}${line.replace('"1-0"', '"3-0"').slice(0, 200)}`);
    const of = await open(growing);
    expect(await rowsOf('select seq, events, pruned from commits order by seq', of)).toEqual([
      ['1', '1', false],
      ['2', null, true],
    ]);
    expect(await rowsOf('select subject from events', of)).toEqual([['task/t1']]);
  });

  it('does not pass over a damaged line of a sealed segment', async () => {
    const damaged = await archiveOf({ 0: [[[event(1)]], [[event(2)]]] });
    const sealed = join(damaged, 'p00', readdirSync(join(damaged, 'p00')).find((name) => name.endsWith('.gz')) as string);
    writeFileSync(sealed, readFileSync(sealed).subarray(0, 60));
    const of = await open(damaged);
    await expect(rowsOf('select count(data) from events', of)).rejects.toThrow();
  });

  it('has nothing where nothing is archived', async () => {
    const of = await open(emptyArchive());
    expect(await rowsOf('select count(*) from events', of)).toEqual([['0']]);
    expect(await rowsOf('select * from commits', of)).toEqual([]);
  });

  it('reads an archive whose path has a quote and a link in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), "torch-it's-"));
    symlinkSync(dir, join(folder, 'link'));
    expect(await rowsOf('select count(*) from events', await open(join(folder, 'link')))).toEqual([['5']]);
    rmSync(folder, { recursive: true });
  });

  it('answers no more rows than it may, and says that there are more', async () => {
    expect(await database.select('from range(5000)', { rowsMax: 3 })).toMatchObject({ rows: [['0'], ['1'], ['2']], isCut: true });
    expect(await database.select('from range(3)', { rowsMax: 3 })).toMatchObject({ isCut: false });
  });

  it('takes no more memory than it may, and puts nothing on disk', async () => {
    const small = await open(dir, 64);
    await expect(
      rowsOf('select count(*) from (select a.range, b.range, random() r from range(30000) a, range(1000) b order by r)', small),
    ).rejects.toMatchObject({
      exitCode: 1,
      code: 'query-failed',
      message: expect.stringMatching(/Out of Memory/i) as string,
    });
  });

  it('stops when it is interrupted', async () => {
    const other = await open(dir);
    const running = rowsOf('select count(*) from range(100000000000) where range % 7 = 3', other);
    const outcome = running.catch((error: Error) => error.message);
    setTimeout(() => other.interrupt(), 200);
    expect(await outcome).toMatch(/INTERRUPT/i);
  });
});

describe('what may not be done in SQL', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'torch-sql-'));
    writeFileSync(join(folder, 'secret.csv'), 'a,b\n1,2\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const at = (sql: string): string => sql.replaceAll('ARCHIVE', dir).replaceAll('ELSEWHERE', folder);
  const everything = (of: string): string[] => readdirSync(of, { recursive: true }).map(String).sort();

  it.each([
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('ELSEWHERE/secret.csv')",
    "select * from read_csv('ARCHIVE/../secret.csv')",
    "select * from 'ELSEWHERE/secret.csv'",
    "select * from glob('/etc/*')",
    "select * from read_csv('http://127.0.0.1:9/x.csv')",
    "select * from read_parquet('s3://bucket/x.parquet')",
    "select * from query('copy (select 1) to ''ARCHIVE/x.csv''')",
    "select getenv('HOME')",
    "select * from enable_logging(storage = 'file', storage_path = 'ARCHIVE/x')",
    "select * from enable_logging('QueryLog', storage = 'file', storage_path = 'ELSEWHERE/x')",
    "from ENABLE_PROFILING(format = 'json', save_location = 'ELSEWHERE/x')",
    'select (select count(*) from "enable_profiling"(save_location = \'ELSEWHERE/x\'))',
    'with x as materialized (select * from main.enable_logging()) select 1',
    'select 1 where exists (from system.main.enable_logging())',
    'summarize from enable_logging()',
    'select * from events, lateral (from enable_logging()) l',
    'select 1 union all (select 2 from disable_logging())',
    'select * from arrow_scan(1, 2, 3)',
    "select * from json_execute_serialized_sql('{}')",
    "select * from query_table('events')",
    "select * from read_json('ARCHIVE/p01/manifest.ndjson')",
    "select * from 'ARCHIVE/log.json'",
    'explain select 1',
    "copy (select 1) to 'ELSEWHERE/x.csv'",
    "copy (select 1) to 'ARCHIVE/x.csv'",
    "copy (select 1) to 'ARCHIVE/p01/segment-0000000000000001.ndjson.gz'",
    "explain analyze copy (select 1) to 'ARCHIVE/x.csv'",
    "prepare p as copy (select 1) to 'ARCHIVE/x.csv'",
    "select 1; copy (select 1) to 'ARCHIVE/x.csv'",
    "export database 'ARCHIVE/x'",
    "attach 'ELSEWHERE/x.db'",
    "attach 'ARCHIVE/x.db'",
    'install httpfs',
    'load httpfs',
    "load 'ARCHIVE/x.duckdb_extension'",
    "set memory_limit = '100GB'",
    'set enable_external_access = true',
    'reset lock_configuration',
    "pragma memory_limit='100GB'",
    'call pragma_version()',
    'create table t (a int)',
    'create view events as select 1',
    'drop view events',
    'insert into events values (1)',
    'delete from events',
    'begin',
    'checkpoint',
    'vacuum',
    "use 'x'",
    'select ?',
    'select 1; select 2',
    '',
    '-- nothing',
    'selec 1',
    'select nothing from events',
  ])('%s', async (sql) => {
    const before = [everything(dir), everything(folder)];
    await expect(database.select(at(sql), LIMITS)).rejects.toMatchObject({ exitCode: 2, code: 'wrong-usage' });
    expect([everything(dir), everything(folder)]).toEqual(before);
  });

  it('leaves the settings and the views as they were', async () => {
    expect(await rowsOf("select current_setting('memory_limit'), current_setting('enable_external_access')")).toEqual([
      ['256.0 MiB', false],
    ]);
    expect(await rowsOf('select count(*) from events')).toEqual([['5']]);
    expect(existsSync(join(dir, 'x.csv'))).toBe(false);
  });
});

describe('a platform without DuckDB', () => {
  it('is named, with what does without it', async () => {
    const missing = () => Promise.reject(new Error("Cannot find module '@duckdb/node-bindings-linux-x64/duckdb.node'\nRequire stack: …"));
    await expect(loadDuckDb(missing)).rejects.toMatchObject({
      exitCode: 1,
      code: 'no-duckdb',
      message: expect.stringMatching(/native part for \w+-\w+ .*Cannot find module.*duckdb\.node'\. "torch audit events"/) as string,
    });
  });
});
