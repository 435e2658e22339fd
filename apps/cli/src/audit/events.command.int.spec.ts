import type { CloudEvent } from '@torch/agent';
import { waitUntil } from '@torch/testing';
import { archiveOf, DEFAULT_PARTITION, emptyArchive } from '../doubles/archive.double';
import { capturedIo, runCaptured } from '../doubles/captured-io';
import { GatewayDouble } from '../doubles/gateway.double';
import { runCli } from '../cli';

const P = DEFAULT_PARTITION;

const event = (n: number, more: object = {}) => ({
  type: n % 2 === 0 ? 'task.started' : 'task.submitted',
  subject: `task/t${n}`,
  actor: `agent:a${n % 3}`,
  ...more,
});

/** 30 commits with an event of the project each, and one of another; in three segments. */
const archive = () =>
  archiveOf({
    [P]: [0, 10, 20].map((first) =>
      Array.from({ length: 10 }, (_, i) => [event(first + i + 1), { ...event(first + i + 1), project: 'other' }]),
    ),
  });

const parsed = (stdout: string): CloudEvent[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as CloudEvent);
const subjectsOf = (stdout: string): string[] => parsed(stdout).map(({ subject }) => subject);

describe('torch audit events', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await archive();
  });
  const events = (...args: string[]) => runCaptured(['audit', 'events', '--archive', dir, ...args]);

  it('finds events in an archive, without a running Torch', async () => {
    const { exitCode, stdout, stderr } = await events('--subject', 'task/t2*', '--actor', 'agent:a2', '--types', 'task.started,run.ended');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(
      stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(/\s{2,}/).slice(1)),
    ).toEqual([
      ['2-0', 'task.started', 'task/t2', 'by agent:a2'],
      ['20-0', 'task.started', 'task/t20', 'by agent:a2'],
      ['26-0', 'task.started', 'task/t26', 'by agent:a2'],
    ]);
    expect(stdout).toMatch(/^2026-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} /);
  });

  it('gives CloudEvents with --json, and says where to go on', async () => {
    const { stdout, stderr } = await events('--json', '--limit', '4');
    expect(parsed(stdout)[0]).toEqual({
      specversion: '1.0',
      id: `${P}/1-0/0`,
      source: `torch/${P}`,
      type: 'task.submitted',
      subject: 'task/t1',
      time: '2026-11-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: 'urn:torch:event:task.submitted:1',
      torchproject: 'default',
      torchactor: 'agent:a1',
      torchcorrelationid: 'c-1',
      data: { seq: 1 },
    });
    expect([subjectsOf(stdout), stderr]).toEqual([
      ['task/t1', 'task/t2', 'task/t3', 'task/t4'],
      `There may be more: go on with --after ${P}/4-0/0.\n`,
    ]);
    const rest = await events('--json', '--after', `${P}/4-0/0`, '--correlation', 'c-1');
    expect(subjectsOf(rest.stdout)).toEqual(Array.from({ length: 26 }, (_, i) => `task/t${i + 5}`));
  });

  it('takes times, a date as the end for the whole day', async () => {
    expect(subjectsOf((await events('--json', '--from', '2026-11-01T00:27:00Z')).stdout)).toEqual(['task/t28', 'task/t29', 'task/t30']);
    expect(subjectsOf((await events('--json', '--to', '2026-11-01T01:02:00+01:00')).stdout)).toEqual(['task/t1', 'task/t2']);
    expect(subjectsOf((await events('--json', '--to', '2026-11-01')).stdout)).toHaveLength(30);
  });

  it('looks at the project that is asked for', async () => {
    const { stdout, stderr } = await runCaptured(['--project', 'nobody-knows', 'audit', 'events', '--archive', dir]);
    expect([stdout, stderr]).toEqual(['', 'Nothing was found.\n']);
  });

  it.each([
    [['--follow'], 'needs a running Torch'],
    [['--from', 'soon'], '--from "soon" must be a date'],
    [['--from', '2026-11-02', '--to', '2026-11-01'], 'must be before'],
    [['--after', '7'], '--after: "7" is not the id of an event'],
    [['--types', 'a,,b'], '--types "a,,b"'],
    [['--types', 'run.finished'], 'no event type "run.finished"; there are run.submitted, run.cancel-requested, run.ended'],
    [['--from', '2026-02-30'], '--from "2026-02-30" must be a date'],
    [['--actor', ''], '--actor is empty'],
    [['--actor', 'ada'], '--actor "ada" must be user:<name>'],
    [['--subject', 'run-4f2a91'], '--subject "run-4f2a91" must be such as task/'],
    [['--limit', '0'], '--limit must be a whole number'],
  ])('%j is wrong usage', async (args, message) => {
    const { exitCode, stdout, stderr } = await events(...args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('says that there is no archive, and what holds one', async () => {
    const io = capturedIo();
    expect(await runCaptured(['audit', 'events', '--archive'], io)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`There is no archive in ${io.cwd}/.torch/audit`) as string,
    });
    const named = capturedIo({ TORCH_ARCHIVE_DIR: emptyArchive() });
    expect(await runCaptured(['audit', 'events', '--archive'], named)).toMatchObject({ exitCode: 0, stderr: 'Nothing was found.\n' });
  });

  it('needs a Torch without --archive', async () => {
    expect((await runCaptured(['audit', 'events'])).exitCode).toBe(3);
  });
});

describe('torch audit events through the gateway', () => {
  let gateway: GatewayDouble;
  let asked: URLSearchParams[];
  beforeEach(async () => {
    asked = [];
    gateway = await GatewayDouble.start();
  });
  afterEach(() => gateway.stop());

  const cloudEvent = (n: number) => ({
    id: `0/${n}-0/0`,
    type: 'task.started',
    subject: `task/t${n}`,
    time: '2026-11-01T00:00:00.000Z',
    torchactor: 'user:operator',
    data: {},
  });
  const io = () => capturedIo({ TORCH_URL: gateway.url, TORCH_TOKEN: 't' });

  /** History in pages of at most `most`, however many are asked for. */
  function serve(count: number, most: number): void {
    gateway.refuse = (request) => {
      const url = new URL(request.url ?? '/', gateway.url);
      if (!url.pathname.endsWith('/history')) return undefined;
      asked.push(url.searchParams);
      const first = Number(/\/(\d+)-/.exec(url.searchParams.get('after') ?? '0/0-')?.[1]) + 1;
      const last = Math.min(count, first + Math.min(most, Number(url.searchParams.get('limit'))) - 1);
      const events = Array.from({ length: last - first + 1 }, (_, i) => cloudEvent(first + i));
      const through = `0/${last}-0/999999`;
      return { status: 200, body: { events, through, pruned: 1, ...(last < count && { next: through }) } };
    };
  }

  it('puts short pages together, and tells of what could not be searched', async () => {
    serve(12, 5);
    const { exitCode, stdout, stderr } = await runCaptured(
      ['audit', 'events', '--json', '--from', '2026-11-01', '--to', '2026-11-02', '--subject', 'task/*'],
      io(),
    );
    expect([exitCode, subjectsOf(stdout)]).toEqual([0, Array.from({ length: 12 }, (_, i) => `task/t${i + 1}`)]);
    expect(stderr).toContain('3 commits on the way have been emptied by retention');
    expect(Object.fromEntries(asked[0] ?? [])).toEqual({
      subject: 'task/*',
      from: '2026-11-01T00:00:00.000Z',
      to: '2026-11-03T00:00:00.000Z',
      limit: '100',
    });
    expect(asked.map((query) => query.get('after'))).toEqual([null, '0/5-0/999999', '0/10-0/999999']);
  });

  it('goes on with what happens from then on, as far as it fits, until Ctrl-C', async () => {
    serve(3, 1000);
    const terminal = io();
    const running = runCli(['audit', 'events', '--follow', '--json', '--subject', 'task/*', '--actor', 'service:scheduler'], terminal);
    await waitUntil(() => gateway.listeners === 1, { what: 'the following' });
    expect(gateway.requests.at(-1)).toBe('GET /v1/projects/default/events');
    gateway.happen('task.completed', 'a');
    gateway.end('completed');
    await waitUntil(() => terminal.written.stdout.includes('run.ended'), { what: 'the events' });
    terminal.interrupt();
    expect([await running, parsed(terminal.written.stdout).map(({ type }) => type)]).toEqual([
      0,
      ['task.started', 'task.started', 'task.started', 'task.completed', 'run.ended'],
    ]);
  });

  it('follows only what fits', async () => {
    serve(1, 1000);
    const terminal = io();
    const running = runCli(['audit', 'events', '--follow', '--json', '--types', 'run.ended'], terminal);
    await waitUntil(() => gateway.listeners === 1, { what: 'the following' });
    gateway.happen('task.completed', 'a');
    gateway.end('completed');
    await waitUntil(() => terminal.written.stdout.includes('run.ended'), { what: 'the event' });
    terminal.interrupt();
    await running;
    expect(terminal.written.stdout).not.toContain('task.completed');
  });

  it('says what the gateway refuses', async () => {
    gateway.refuse = () => ({ status: 404, body: { code: 'unknown-project', detail: 'There is no project "default".', status: 404 } });
    expect(await runCaptured(['audit', 'events'], io())).toMatchObject({ exitCode: 1, stderr: 'torch: There is no project "default".\n' });
  });
});
