import { join } from 'node:path';
import { waitUntil } from '@torch/testing';
import { type CapturedIo, capturedIo, type CliRun, runCaptured } from '../doubles/captured-io';
import { TorchWorld } from '../doubles/torch.world.fixture';
import type { RunResult } from './run.result';

describe('torch run replay', () => {
  let world: TorchWorld;
  let archive: string;
  let commits: number;

  beforeAll(async () => {
    world = await TorchWorld.create();
    await world.register('w1');
    await world.submit('r1', [{ key: 'a' }, { key: 'b', dependsOn: ['r1.a'] }]);
    await world.submit('r2', [{ key: 'other', role: 'nobody' }]);
    await world.report('StartTask', 'r1.a');
    await world.report('CompleteTask', 'r1.a', { durationMs: 1500, exitCode: 0 });
    await world.report('StartTask', 'r1.b');
    await world.report('FailTask', 'r1.b', { class: 'permanent', reason: 'exit-code', message: 'No.', exitCode: 3, durationMs: 700 });
    await world.happened('run.ended', 'run/r1');
    archive = join(capturedIo().cwd, 'archive');
    await world.archive(archive, { sealBehind: [3] });
    commits = (await world.entries()).length;
  });
  afterAll(() => world.end());

  const replay = (args: string[], io?: CapturedIo): Promise<CliRun> => runCaptured(['run', 'replay', ...args, '--archive', archive], io);

  it('shows each step again, with the times it had', async () => {
    const { exitCode, stdout } = await replay(['r1', '--speed', 'max']);
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3}/, '<time>'));
    expect(lines[0]).toMatch(/^Run r1 in project default: 2 tasks, as of 20.*Z\.$/);
    expect(lines.slice(1, 7)).toEqual([
      '<time>  a  assigned to w1',
      '<time>  a  started',
      '<time>  a  completed after 1.5 s',
      '<time>  b  assigned to w1',
      '<time>  b  started',
      '<time>  b  attempt failed (attempt 1) after 700 ms: No.',
    ]);
    expect(stdout).toMatch(/Run failed in .*: 1 of 2 tasks completed, 1 failed\./);
  });

  it('ends with the result with --json, and does nothing but read', async () => {
    const { stdout, exitCode } = await replay(['r1', '--speed', 'max', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout) as RunResult).toMatchObject({
      runId: 'r1',
      project: 'default',
      status: 'failed',
      tasks: { total: 2, completed: 1, failed: 1, cancelled: 0, deadLettered: 0, skipped: 0 },
      results: [
        { key: 'a', taskId: 'r1.a', status: 'completed', attempts: 1, agentId: 'w1', exitCode: 0, durationMs: 1500 },
        { key: 'b', status: 'failed', exitCode: 3 },
      ],
    });
    expect(await world.entries()).toHaveLength(commits);
  });

  it('says that a run had not ended', async () => {
    const { stdout } = await replay(['r2', '--speed', 'max']);
    expect(stdout).toContain('The history ends here; run r2 has not.');
  });

  it('takes the time that it took, times the speed, and ends with Ctrl-C', async () => {
    const io = capturedIo({}, { columns: 80, rows: 24 });
    const running = replay(['r1', '--speed', '0.01'], io);
    await waitUntil(() => io.written.stdout.includes('blocked'), { what: 'the tasks are shown' });
    io.interrupt();
    expect(await running).toMatchObject({ exitCode: 130 });
    expect(io.written.stdout).not.toContain('completed after');
    expect(io.written.stdout.endsWith('\u001b[?25h')).toBe(true);
  });

  it.each([
    [['r9'], 1, 'knows no run r9'],
    [['r1', '--speed', 'fast'], 2, '--speed must be max, or a number from 0.01 to 1000000.'],
    [['r1', '--speed', '0'], 2, '--speed must be max'],
  ])('names the way out: %j', async (args, exitCode, message) => {
    const result = await replay(args);
    expect(result.stderr).toContain(message);
    expect(result.exitCode).toBe(exitCode);
  });
});
