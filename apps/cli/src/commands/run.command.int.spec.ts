import { waitUntil } from '@torch/testing';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CapturedIo, capturedIo, type CliRun, runCaptured } from '../doubles/captured-io';
import { GatewayDouble } from '../doubles/gateway.double';
import type { RunResult } from '../run/run.result';

const PLAN = `
agents:
  - { role: dev, count: 2, cwd: agents }
tasks:
  - { key: lint, role: dev, run: npm run lint }
  - { key: test, role: dev, run: npm test, cwd: libs, dependsOn: [lint] }
  - { key: ship, role: release, run: make ship }
`;

describe('torch run', () => {
  let gateway: GatewayDouble;
  let io: CapturedIo;

  beforeEach(async () => {
    gateway = await GatewayDouble.start();
    io = capturedIo({ TORCH_URL: gateway.url, TORCH_TOKEN: 'operator' });
    writeFileSync(join(io.cwd, 'plan.yaml'), PLAN);
  });
  afterEach(() => gateway.stop());

  const start = (...args: string[]): Promise<CliRun> => runCaptured(['run', join(io.cwd, 'plan.yaml'), ...args], io);
  const watched = (): Promise<unknown> => waitUntil(() => gateway.listeners > 0, { what: 'the run is watched' });
  const complete = (key: string): void => {
    gateway.happen('task.assigned', key, { attempt: 1, agentId: 'dev-1' }, { status: 'assigned', attempt: 1 });
    gateway.happen('task.started', key, { attempt: 1, agentId: 'dev-1' }, { status: 'running' });
    gateway.happen(
      'task.completed',
      key,
      { attempt: 1, agentId: 'dev-1', durationMs: 1500 },
      { status: 'completed', exitCode: 0, durationMs: 1500 },
    );
  };

  it('shows every step of every task as a line, and succeeds when all have completed', async () => {
    const running = start();
    await watched();
    for (const key of ['lint', 'test', 'ship']) complete(key);
    gateway.end('completed');
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3}/, '<time>'));
    expect(lines.slice(0, 5)).toEqual([
      'Run run-1 in project default: 3 tasks.',
      '<time>  lint  assigned to dev-1',
      '<time>  lint  started',
      '<time>  lint  completed after 1.5 s',
      '<time>  test  assigned to dev-1',
    ]);
    expect(lines.slice(-2)).toEqual(['Run completed in 4.2 s: 3 of 3 tasks completed.', '']);
  });

  it('ends with exactly one object with --json, and fails when one task did', async () => {
    const running = start('--json');
    await watched();
    complete('lint');
    complete('test');
    gateway.happen('task.attempt-failed', 'ship', { attempt: 3, agentId: 'r-1', message: 'exit code 2' });
    gateway.happen('task.dead-lettered', 'ship', { reason: 'attempts-exhausted' }, { status: 'dead-lettered', attempt: 3, exitCode: 2 });
    gateway.end('failed');
    const { exitCode, stdout, stderr } = await running;
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout) as RunResult).toEqual({
      runId: 'run-1',
      project: 'default',
      status: 'failed',
      durationMs: 4200,
      tasks: { total: 3, completed: 2, failed: 0, cancelled: 0, deadLettered: 1, skipped: 0 },
      results: [
        { key: 'lint', taskId: 'run-1.lint', status: 'completed', attempts: 1, agentId: 'dev-1', exitCode: 0, durationMs: 1500 },
        { key: 'test', taskId: 'run-1.test', status: 'completed', attempts: 1, agentId: 'dev-1', exitCode: 0, durationMs: 1500 },
        { key: 'ship', taskId: 'run-1.ship', status: 'dead-lettered', attempts: 3, agentId: 'r-1', exitCode: 2 },
      ],
    });
    expect(stderr).toContain('ship  GIVEN UP: attempts-exhausted');
  });

  it('goes on where it was when the gateway cuts it off', async () => {
    const running = start();
    await watched();
    complete('lint');
    await waitUntil(() => io.written.stdout.includes('lint  completed'), { what: 'the first task is shown' });
    gateway.cut();
    complete('test');
    complete('ship');
    gateway.end('completed');
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(0);
    expect(stdout.match(/completed after/g)).toHaveLength(3);
  });

  it('finds the end by asking when no events come', async () => {
    gateway.refuse = ({ url }) =>
      url?.includes('/events') ? { status: 404, body: { code: 'no-streams', detail: 'No streams here.' } } : undefined;
    const running = start();
    await waitUntil(() => gateway.plans.length === 1, { what: 'the plan is there' });
    for (const key of ['lint', 'test', 'ship']) complete(key);
    gateway.end('completed');
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Run completed in 4.2 s: 3 of 3 tasks completed.');
  });

  it('makes working directories absolute: those of the folder it is run in', async () => {
    const { stdout } = await start('--detach', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ runId: 'run-1', project: 'default' });
    expect(gateway.plans[0]?.agents?.map(({ cwd }) => cwd)).toEqual([join(io.cwd, 'agents')]);
    expect(gateway.plans[0]?.tasks.map(({ cwd }) => cwd)).toEqual([undefined, join(io.cwd, 'libs'), io.cwd]);
  });

  it('returns the run id alone with --detach', async () => {
    expect(await start('--detach', '--project', 'shop')).toMatchObject({ exitCode: 0, stdout: 'run-1\n' });
    expect(gateway.requests).toEqual(['POST /v1/projects/shop/runs']);
  });

  it('leaves the run alone on Ctrl-C, and says how to go on', async () => {
    const running = start();
    await watched();
    io.interrupt();
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('torch run --follow run-1');
    expect(gateway.cancellations).toEqual([]);
  });

  it('follows a run that was submitted before, and cancels one', async () => {
    await start('--detach');
    for (const key of ['lint', 'test', 'ship']) complete(key);
    gateway.ended = 'completed';
    expect(await runCaptured(['run', '--follow', 'run-1'], capturedIo(io.env))).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('3 of 3 tasks completed') as string,
    });
    expect(await runCaptured(['run', '--cancel', 'run-1', '--reason', 'Not today.'], capturedIo(io.env))).toMatchObject({ exitCode: 0 });
    expect(gateway.cancellations).toEqual([{ reason: 'Not today.' }]);
  });

  it('submits nothing of a bad plan', async () => {
    writeFileSync(join(io.cwd, 'plan.yaml'), 'tasks:\n  - { key: a, role: dev, runs: x }\n');
    const { exitCode, stderr } = await start();
    expect(exitCode).toBe(2);
    expect(stderr).toBe(`torch: ${io.cwd}/plan.yaml:2:26: "tasks.0.runs" is not a known field.\n`);
    expect(gateway.requests).toEqual([]);
  });

  it('locates in the file what the gateway refuses', async () => {
    gateway.refuse = () => ({
      status: 422,
      body: { code: 'plan', detail: 'The plan does not fit.', errors: [{ pointer: '/tasks/1/cwd', message: 'There is no such folder.' }] },
    });
    expect(await start()).toMatchObject({ exitCode: 2, stderr: `torch: ${io.cwd}/plan.yaml:6:44: There is no such folder.\n` });
  });

  it('names the way out when the project is not there', async () => {
    gateway.refuse = () => ({
      status: 404,
      body: { code: 'unknown-project', detail: 'There is no project "default". Create it: torch project create default' },
    });
    const { exitCode, stdout, stderr } = await start('--json');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('torch project create default');
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'unknown-project', message: expect.stringContaining('There is no project') as string },
    });
  });
});
