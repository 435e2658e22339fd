import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveOf, DEFAULT_PARTITION } from '../doubles/archive.double';
import { capturedIo, runCaptured } from '../doubles/captured-io';
import { GatewayDouble } from '../doubles/gateway.double';

const COUNT = 40;

let dir: string;
let folder: string;
let out: string;

beforeAll(async () => {
  const commits = Array.from({ length: COUNT }, (_, i) => [
    { type: i % 2 === 0 ? 'task.submitted' : 'run.ended', subject: `task/t${i + 1}` },
  ]);
  dir = await archiveOf({ [DEFAULT_PARTITION]: [commits.slice(0, 15), commits.slice(15, 30), commits.slice(30)] });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'torch-export-'));
  out = join(folder, 'events.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true }));

const subjectsOf = (text: string): string[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { subject: string }).subject);
const upTo = (count: number): string[] => Array.from({ length: count }, (_, i) => `task/t${i + 1}`);
const exported = (...args: string[]) => runCaptured(['audit', 'export', '--archive', dir, ...args]);

describe('torch audit export', () => {
  it('writes every event that fits as a CloudEvent a line', async () => {
    const { exitCode, stdout, stderr } = await exported();
    expect([exitCode, subjectsOf(stdout), stderr]).toEqual([0, upTo(COUNT), '']);
    expect(JSON.parse(stdout.split('\n')[0] as string)).toMatchObject({
      specversion: '1.0',
      id: `${DEFAULT_PARTITION}/1-0/0`,
      datacontenttype: 'application/json',
    });
    expect(subjectsOf((await exported('--types', 'run.ended', '--from', '2026-11-01T00:35:00Z')).stdout)).toEqual([
      'task/t36',
      'task/t38',
      'task/t40',
    ]);
  });

  it('writes a file, which has its name when it is whole', async () => {
    writeFileSync(out, 'of before');
    expect(await exported('--out', out)).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/events\.ndjson: 40 events, [\d.]+ KiB\.\n$/) as string,
      stderr: '',
    });
    expect([subjectsOf(readFileSync(out, 'utf8')), existsSync(`${out}.partial`)]).toEqual([upTo(COUNT), false]);
    const { stdout } = await exported('--out', out, '--json');
    expect(JSON.parse(stdout)).toEqual({ file: out, events: 40, pruned: 0, bytes: readFileSync(out).length });
  });

  it('shows how far it is, on a terminal', async () => {
    const io = capturedIo({}, { columns: 80, rows: 24 });
    const { stderr } = await runCaptured(['audit', 'export', '--archive', dir, '--out', out], io);
    expect(stderr).toMatch(/\r\u001b\[2K\d+ events, up to 2026-11-01T00:\d\d:00\.000Z …\r\u001b\[2K$/);
  });

  it('goes on behind the last whole line of what is there', async () => {
    await exported('--out', out);
    const whole = readFileSync(out, 'utf8');
    const lines = whole.split('\n');
    for (const kept of [0, 1, 17, 39, 40]) {
      writeFileSync(
        `${out}.partial`,
        lines
          .slice(0, kept)
          .map((line) => `${line}\n`)
          .join(''),
      );
      if (kept < 40) appendFileSync(`${out}.partial`, (lines[kept] as string).slice(0, 50));
      expect(await exported('--out', out, '--resume', '--json')).toMatchObject({ exitCode: 0 });
      expect(readFileSync(out, 'utf8')).toBe(whole);
    }
  });

  it.each([
    [['--resume'], 2, '--resume goes with --out'],
    [['--out', 'x', '--resume', '--after', '0/1-0/0'], 2, '--resume knows where to go on'],
    [['--out', 'no-such-file', '--resume'], 1, 'there is no'],
    [['--out', '/no/such/folder/x'], 1, 'cannot be written'],
    [['--limit', '3'], 2, "unknown option '--limit'"],
  ])('%j ends with %i', async (args, code, message) => {
    const { exitCode, stderr } = await exported(...args);
    expect(exitCode).toBe(code);
    expect(stderr).toContain(message);
  });

  it('does not go on with a file of something else', async () => {
    writeFileSync(`${out}.partial`, 'a line\n');
    expect(await exported('--out', out, '--resume')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is no event') as string,
    });
    expect(readFileSync(`${out}.partial`, 'utf8')).toBe('a line\n');
  });
});

describe('an export that is broken off', () => {
  let gateway: GatewayDouble;
  /** Called before a page is given. */
  let onPage: (n: number) => { status: number; body: object } | undefined;
  beforeEach(async () => {
    onPage = () => undefined;
    gateway = await GatewayDouble.start();
    let pages = 0;
    gateway.refuse = (request) => {
      const { searchParams } = new URL(request.url ?? '/', gateway.url);
      const refused = onPage(++pages);
      if (refused) return refused;
      const first = Number(/\/(\d+)-/.exec(searchParams.get('after') ?? '0/0-')?.[1]) + 1;
      const last = Math.min(COUNT, first + 9);
      const events = Array.from({ length: last - first + 1 }, (_, i) => ({
        id: `0/${first + i}-0/0`,
        subject: `task/t${first + i}`,
        time: '',
      }));
      return { status: 200, body: { events, pruned: 0, through: `0/${last}-0/999999`, ...(last < COUNT && { next: `0/${last}-0/0` }) } };
    };
  });
  afterEach(() => gateway.stop());

  const io = () => capturedIo({ TORCH_URL: gateway.url, TORCH_TOKEN: 't' });
  const forbidden = { status: 403, body: { code: 'forbidden', detail: 'No more.', status: 403 } };

  it('leaves no finished file, says how to go on, and can be gone on with', async () => {
    onPage = (n) => (n === 3 ? forbidden : undefined);
    const { exitCode, stderr } = await runCaptured(['audit', 'export', '--out', out], io());
    expect([exitCode, stderr]).toEqual([1, `20 events were exported. They are in ${out}.partial; go on with --resume.\ntorch: No more.\n`]);
    expect([existsSync(out), subjectsOf(readFileSync(`${out}.partial`, 'utf8'))]).toEqual([false, upTo(20)]);
    expect((await runCaptured(['audit', 'export', '--out', out, '--resume'], io())).exitCode).toBe(0);
    expect([subjectsOf(readFileSync(out, 'utf8')), existsSync(`${out}.partial`)]).toEqual([upTo(COUNT), false]);
  });

  it('tells where to go on with standard output', async () => {
    onPage = (n) => (n === 2 ? forbidden : undefined);
    const { stderr, stdout } = await runCaptured(['audit', 'export'], io());
    expect([subjectsOf(stdout), stderr]).toEqual([upTo(10), '10 events were exported. Go on with --after 0/10-0/0.\ntorch: No more.\n']);
  });

  it('by Ctrl-C ends with 130', async () => {
    const terminal = io();
    onPage = (n) => {
      if (n === 3) terminal.interrupt();
      return undefined;
    };
    const { exitCode, stderr } = await runCaptured(['audit', 'export', '--out', out], terminal);
    expect([exitCode, stderr]).toEqual([130, `20 events were exported. They are in ${out}.partial; go on with --resume.\n`]);
    expect([existsSync(out), subjectsOf(readFileSync(`${out}.partial`, 'utf8'))]).toEqual([false, upTo(20)]);
  });
});
