import { hostQueries, type ServiceName } from '@torch/contracts';
import { formatPosition, type LogEntry, type LogServer } from '@torch/log';
import { startLogServer, type TestLogServer } from '@torch/testing';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CapturedIo, capturedIo, type CliRun, runCaptured } from '../doubles/captured-io';
import { GatewayDouble } from '../doubles/gateway.double';
import { TorchWorld } from '../doubles/torch.world.fixture';
import type { ReplayedReport } from '../replay/replay.until';

const SERVICES: readonly ServiceName[] = ['gateway', 'registry', 'scheduler', 'spawner'];

/** One task's life in the log of a real log server; the archive has the first part of it. */
describe('time travel', () => {
  let logServer: TestLogServer;
  let server: LogServer;
  let world: TorchWorld;
  let cwd: string;
  let entries: LogEntry[];
  const seqs = { submitted: 0, started: 0, archived: 0, end: 0 };

  const seqOf = (position: string): number => Number(position.split('-')[0]);
  const timeOf = (seq: number): string =>
    new Date((JSON.parse(entries[seq - 1]?.body ?? '') as { recordedAtMs: number }).recordedAtMs).toISOString();

  beforeAll(async () => {
    logServer = await startLogServer();
    const { connectLogServer } = await import('@torch/log-dragonfly');
    server = await connectLogServer({ url: logServer.url });
    world = await TorchWorld.create(server);
    await world.send('user:ada', 'CreateProject', {});
    await world.register('w1');
    seqs.submitted = seqOf(await world.submit('r1', [{ key: 'a' }, { key: 'b', dependsOn: ['r1.a'] }]));
    seqs.started = seqOf(await world.report('StartTask', 'r1.a'));
    await world.report('CompleteTask', 'r1.a', { durationMs: 1500, exitCode: 0 });
    await world.report('StartTask', 'r1.b');
    await world.report('FailTask', 'r1.b', { class: 'permanent', reason: 'exit-code', message: 'No.', exitCode: 3, durationMs: 700 });
    await world.happened('run.ended', 'run/r1');
    entries = await world.entries();
    seqs.end = entries.length;
    seqs.archived = seqs.started + 1;
    ({ cwd } = capturedIo());
    await world.archive(join(cwd, '.torch/audit'), { throughSeq: seqs.archived, sealBehind: [seqs.submitted] });
    await world.archive(join(cwd, 'whole'), { sealBehind: [seqs.submitted] });
  }, 60_000);
  afterAll(async () => {
    await world.end();
    await logServer.stop();
  });

  const ioWith = (env: NodeJS.ProcessEnv = {}): CapturedIo => ({ ...capturedIo(env), cwd });
  /** With the archive and the log server, as where Torch runs. */
  const torch = (...args: string[]): Promise<CliRun> => runCaptured(args, ioWith({ TORCH_LOG_URL: logServer.url }));
  /** With an archive alone. */
  const offline = (...args: string[]): Promise<CliRun> => runCaptured([...args, '--archive', 'whole'], ioWith());
  const json = async <T>(run: Promise<CliRun>): Promise<T> => {
    const { exitCode, stdout, stderr } = await run;
    if (exitCode !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  };

  describe('torch state show', () => {
    it.each([
      ['where Torch runs', torch],
      ['from an archive alone', offline],
    ])('shows a task at a position, at a time and at the end (%s)', async (_, run) => {
      const show = (...at: string[]) =>
        json<{ position: string; recordedAt: string; state: { status: string } }>(run('state', 'show', 'task/r1.a', '--json', ...at));
      const started = await show('--at', String(seqs.started));
      expect(started).toMatchObject({
        subject: 'task/r1.a',
        project: 'default',
        service: 'scheduler',
        recordedAt: timeOf(seqs.started),
        state: { runId: 'r1', status: 'running', attempt: 1, agentId: 'w1', spec: { role: 'worker' } },
      });
      expect(await show('--at', started.position)).toEqual(started);
      expect((await show()).state).toMatchObject({ status: 'completed', exitCode: 0, durationMs: 1500 });
      const atTime = await show('--at', timeOf(seqs.submitted));
      expect(['ready', 'assigned']).toContain(atTime.state.status);
    });

    it('is readable', async () => {
      const { stdout } = await torch('state', 'show', 'task/r1.b');
      expect(stdout).toMatch(/^task\/r1\.b at \d+-0 \(20.*Z\)\n\n/);
      expect(stdout).toMatch(/^status: +failed$/m);
      expect(stdout).toMatch(/^spec timeoutMs: +1 min 00 s$/m);
      expect(stdout).toMatch(/^submitted: +20\d\d-.*Z$/m);
    });

    it.each(['run/r1', 'agent/w1', 'project/default'])('shows %s', async (subject) => {
      const { state } = await json<{ state: object }>(offline('state', 'show', subject, '--json'));
      expect(state).toMatchObject(
        {
          'run/r1': { status: 'failed', tasks: { 'r1.a': { status: 'completed', attempt: 1 } } },
          'agent/w1': { presence: 'live', role: 'worker' },
          'project/default': { agents: { w1: 'live' } },
        }[subject] as object,
      );
    });

    it.each([
      [['task/none'], 1, 'Nothing in the history of project default is about task/none'],
      [['task/r1.a', '--at', '1'], 1, 'There is no task/r1.a yet at 1-0'],
      [['task/r1.a', '--at', '99999'], 1, 'has no seq 99999: it goes from 1 to'],
      [['task/r1.a', '--at', '2-7'], 1, 'There is no 2-7 in this history: seq 2 is 2-0'],
      [['task/r1.a', '--at', '2001-01-01'], 1, 'Nothing had happened by 2001-01-01: the history begins at 1-0 (20'],
      [['task/r1.a', '--at', '2999-01-01T00:00:00Z'], 1, 'has not come yet'],
      [['task/r1.a', '--at', 'yesterday'], 2, '"yesterday" is not a time (ISO 8601'],
      [['lint'], 2, '"lint" is not a subject: task/<id>'],
      [['project/No Name'], 2, 'is not a project name'],
      [['task/r1.a', '--project', 'elsewhere'], 1, 'lsewhere'],
    ])('names the way out: %j', async (args, exitCode, message) => {
      const result = await offline('state', 'show', ...args);
      expect(result.stderr).toContain(message);
      expect(result.exitCode).toBe(exitCode);
    });

    it('says where neither an archive nor a log server is', async () => {
      expect(await runCaptured(['state', 'show', 'task/r1.a'])).toMatchObject({
        exitCode: 3,
        stderr: expect.stringContaining('There is no archive in') as string,
      });
      expect(await runCaptured(['state', 'show', 'task/r1.a', '--archive', 'nowhere'])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('it has no log.json') as string,
      });
    });

    it('goes as far as the archive when the log server is away', async () => {
      const { exitCode, stdout, stderr } = await runCaptured(
        ['state', 'show', 'task/r1.a', '--json'],
        ioWith({ TORCH_LOG_URL: 'redis://127.0.0.1:1' }),
      );
      expect(stderr).toContain('The history ends where the archive does.');
      expect({ exitCode, position: (JSON.parse(stdout) as { position: string }).position }).toEqual({
        exitCode: 0,
        position: `${seqs.archived}-0`,
      });
    });
  });

  describe('torch state diff', () => {
    it('lists what changed', async () => {
      const { changes } = await json<{ changes: object[] }>(
        torch('state', 'diff', 'task/r1.a', String(seqs.started), String(seqs.end), '--json'),
      );
      expect(changes).toContainEqual({ op: 'replace', path: '/status', before: 'running', after: 'completed' });
      expect(changes).toContainEqual({ op: 'add', path: '/exitCode', after: 0 });
      const { stdout } = await torch('state', 'diff', 'task/r1.a', String(seqs.started), String(seqs.end));
      expect(stdout).toContain('~ /status: running → completed');
    });

    it('tells what came to be, and that nothing changed', async () => {
      const { changes } = await json<{ changes: { op: string; path: string }[] }>(
        torch('state', 'diff', 'task/r1.a', '1', String(seqs.end), '--json'),
      );
      expect(changes).toMatchObject([{ op: 'add', path: '' }]);
      expect((await torch('state', 'diff', 'agent/w1', String(seqs.submitted), String(seqs.submitted))).stdout).toContain(
        'Nothing changed.',
      );
      expect(await torch('state', 'diff', 'task/r1.a', '1', '2')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('There is no task/r1.a yet') as string,
      });
    });
  });

  describe('torch log replay', () => {
    const live = async (): Promise<object> => {
      const { createTorchClient } = await import('@torch/host');
      const client = await createTorchClient(server);
      try {
        const digests = SERVICES.map(async (service) => ({
          service,
          ...(await client.query(hostQueries.getDigest(service), 'default', {} as never)),
        }));
        return { partition: world.partition, services: await Promise.all(digests) };
      } finally {
        await client.close();
      }
    };

    it('rebuilds every service’s state at a point, alike from the archive alone and with the log server', async () => {
      for (const until of [String(seqs.started), timeOf(seqs.end), formatPosition({ seq: seqs.end, generation: 0 })]) {
        const [here, there] = await Promise.all([
          json<ReplayedReport>(torch('log', 'replay', '--until', until, '--json')),
          json<ReplayedReport>(offline('log', 'replay', '--until', until, '--json')),
        ]);
        expect([here.source, there.source]).toEqual(['archive and log', 'archive']);
        expect(here).toEqual({ ...there, source: 'archive and log' });
      }
      const { services } = await json<ReplayedReport>(offline('log', 'replay', '--json'));
      const { services: now } = (await live()) as { services: { service: string; digest: string }[] };
      for (const { service, digest } of now) expect(services).toContainEqual({ service, digest, known: expect.any(Boolean) });
      expect((await offline('log', 'replay')).stdout).toContain('rebuilt from the archive.');
    });

    it('says of a project that nothing has happened in', async () => {
      expect(await offline('log', 'replay', '--project', 'default2')).toMatchObject({ exitCode: 1 });
    });

    it('compares with the live services also when the log server has been trimmed', async () => {
      const gateway = await GatewayDouble.start();
      try {
        const digests = await live();
        gateway.refuse = ({ url }) => (url?.endsWith('/digests') ? { status: 200, body: digests } : undefined);
        const replay = (archive: string): Promise<CliRun> =>
          runCaptured(
            ['log', 'replay', '--json'],
            ioWith({ TORCH_LOG_URL: logServer.url, TORCH_URL: gateway.url, TORCH_TOKEN: 't', TORCH_ARCHIVE_DIR: join(cwd, archive) }),
          );
        expect(await replay('none')).toMatchObject({ exitCode: 0 });
        await server.log.setTrimGuard(world.partition, 'spec', seqs.archived);
        await server.log.trim(world.partition, seqs.archived);
        const { exitCode, stderr } = await replay('.torch/audit');
        expect(stderr).toContain('what came before is read from the archive');
        expect(exitCode).toBe(0);
        expect((await replay('none')).exitCode).not.toBe(0);
        rmSync(join(cwd, '.torch/audit'), { recursive: true });
      } finally {
        await gateway.stop();
      }
    });
  });
});
