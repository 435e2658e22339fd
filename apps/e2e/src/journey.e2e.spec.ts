import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '@torch/contracts';
import { waitUntil } from '@torch/testing';
import { type RunResult, runningTorch } from './torch.fixture';

const SMALL_PLAN = {
  name: 'small',
  agents: [{ role: 'worker', skills: ['sh'], max: 2 }],
  tasks: [
    { key: 'first', role: 'worker', run: 'echo from the first; pwd', timeout: '30s' },
    { key: 'second', role: 'worker', skills: ['sh'], run: 'echo from the second >&2', dependsOn: ['first'] },
  ],
};

describe('a day with Torch', () => {
  const torch = runningTorch();
  let run: RunResult;

  it('runs a plan, spawning the agents that it needs, and says what became of each task', async () => {
    run = await torch.json<RunResult>('run', torch.plan('small.json', SMALL_PLAN));
    expect(run).toMatchObject({
      project: 'default',
      status: 'completed',
      tasks: { total: 2, completed: 2, failed: 0, cancelled: 0, deadLettered: 0 },
    });
    expect(run.results).toEqual([
      expect.objectContaining({ key: 'first', status: 'completed', attempts: 1, exitCode: 0, agentId: expect.stringMatching(/^worker-/) }),
      expect.objectContaining({ key: 'second', status: 'completed', attempts: 1, exitCode: 0 }),
    ]);
  }, 60_000);

  it('keeps the token to the user alone', () => {
    expect(statSync(join(torch.data, 'token')).mode & 0o777).toBe(0o600);
  });

  it('shows a task with its history and its output', async () => {
    const taskId = run.results[0]?.taskId as string;
    const { stdout } = await torch.cli('task', 'show', taskId);
    for (const told of [
      'task.submitted',
      'task.assigned',
      'task.started',
      'task.completed',
      'user:operator',
      run.results[0]?.agentId as string,
    ])
      expect(stdout).toContain(told);
    expect((await torch.cli('task', 'logs', taskId)).stdout).toContain('from the first');
    expect((await torch.cli('task', 'logs', run.results[1]?.taskId as string)).stdout).toContain('from the second');
  });

  it('tells its status, its agents and its log', async () => {
    const { stdout, code } = await torch.cli('status');
    expect(code).toBe(0);
    for (const service of ['gateway', 'registry', 'scheduler', 'spawner', 'audit']) expect(stdout).toContain(service);
    expect((await torch.cli('log', 'tail', '--types', 'run.ended')).stdout).toContain('run.ended');
  });

  it('delivers messages to a role, and counts one as delivered only when its agent says so', async () => {
    const agent = torch.start('agent', 'run', '--role', 'listener', '--id', 'ear', '--model', 'm-1', '--version', '2.3.0');
    try {
      await waitUntil(
        async () => (await torch.json<{ agent?: { presence: string }; presence?: string }>('agent', 'show', 'ear')).presence === 'live',
        { what: 'the agent to register' },
      );
      expect(await torch.json('agent', 'show', 'ear')).toMatchObject({ model: 'm-1', version: '2.3.0', harness: 'exec' });
      const { messageId } = await torch.json<{ messageId: string }>('send', '@listener', 'are you there?');
      await waitUntil(
        async () => {
          const view = (await (await torch.http('GET', `/v1/projects/default/messages/${messageId}`)).json()) as {
            deliveries: { recipient: string; state: string }[];
          };
          return view.deliveries.find(({ recipient }) => recipient === 'ear')?.state === 'acked';
        },
        { what: 'the message to be acknowledged' },
      );
    } finally {
      agent.kill('SIGTERM');
    }
    const refused = await torch.cli('send', 'nobody', 'hello');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('nobody');
  }, 30_000);

  it('counts a failing task against the run, with its attempts, and exits with 1', async () => {
    const plan = {
      agents: [{ role: 'worker' }],
      tasks: [
        { key: 'bad', role: 'worker', run: 'echo oh no; exit 3', retries: 1 },
        { key: 'after', role: 'worker', run: 'true', dependsOn: ['bad'] },
      ],
    };
    const { code, stdout } = await torch.cli('--json', 'run', torch.plan('bad.json', plan));
    expect(code).toBe(1);
    const result = JSON.parse(stdout) as RunResult;
    expect(result).toMatchObject({ status: 'failed', tasks: { total: 2, completed: 0, cancelled: 0, skipped: 1, deadLettered: 1 } });
    expect(result.results[0]).toMatchObject({ key: 'bad', status: 'dead-lettered', attempts: 2, exitCode: 3 });
  }, 60_000);

  it('stops a task at its timeout, with everything that it started', async () => {
    const plan = {
      agents: [{ role: 'worker' }],
      tasks: [{ key: 'slow', role: 'worker', run: 'sleep 300 & sleep 300; wait', timeout: '1s', retries: 0 }],
    };
    const { stdout } = await torch.cli('--json', 'run', torch.plan('slow.json', plan));
    expect((JSON.parse(stdout) as RunResult).results[0]).toMatchObject({ status: 'dead-lettered', attempts: 1 });
    await waitUntil(() => !torch.processes().some((line) => line.includes('sleep 300')), { what: 'the sleeps to end' });
  }, 60_000);

  it('restarts a service that dies, and says so', async () => {
    const pid = torch.pidOf('registry');
    process.kill(pid, 'SIGKILL');
    await waitUntil(
      () => torch.pidOf('registry') !== pid && torch.state().services.find(({ name }) => name === 'registry')?.phase === 'ready',
      { what: 'the registry to be ready again', deadlineMs: 30_000 },
    );
    expect(torch.state().services.find(({ name }) => name === 'registry')?.restarts).toBe(1);
    expect((await torch.cli('status')).stdout).toMatch(/registry.*1/);
  }, 60_000);

  it('replays the log to the state that the services have, and verifies the chain', async () => {
    expect(await torch.json('log', 'replay')).toMatchObject({ equal: true });
    const verified = await torch.cli('audit', 'verify');
    expect({ code: verified.code, stderr: verified.stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  }, 30_000);

  it('shows how things stood, why, and a run again', async () => {
    const taskId = run.results[0]?.taskId as string;
    expect(await torch.json('state', 'show', `task/${taskId}`)).toMatchObject({ service: 'scheduler', state: { status: 'completed' } });
    const why = await torch.json<{ nodes: { type: string; actor: string }[] }>('why', `task/${taskId}`);
    expect(why.nodes).toContainEqual(expect.objectContaining({ type: 'SubmitRun', actor: 'user:operator' }));
    const again = await torch.json<RunResult>('run', 'replay', run.runId, '--speed', 'max');
    expect(again).toMatchObject({ runId: run.runId, status: run.status, tasks: run.tasks });
    const { services } = await torch.json<{ services: { known: boolean }[] }>('log', 'replay', '--until', new Date().toISOString());
    expect(services.filter(({ known }) => known).length).toBeGreaterThanOrEqual(3);
  }, 60_000);

  it('carries on after down and up on the same data', async () => {
    await torch.down();
    await torch.up();
    const task = await torch.json<{ task?: TaskView } & Partial<TaskView>>('task', 'show', run.results[0]?.taskId as string);
    expect(JSON.stringify(task)).toContain('"completed"');
    expect((await torch.json<RunResult>('run', join(torch.work, 'small.json'))).status).toBe('completed');
    expect(await torch.json('log', 'replay')).toMatchObject({ equal: true });
  }, 90_000);

  it('refuses a second Torch on the same data, and says which one is there', async () => {
    const { code, stderr } = await torch.cli('up', '--detach', '--port', '0');
    expect(code).not.toBe(0);
    expect(stderr).toContain(String(torch.state().pid));
  });

  it('goes down when it is told to, and leaves no process and no lock behind, agents included', async () => {
    const plan = { agents: [{ role: 'worker', count: 2 }], tasks: [{ key: 'long', role: 'worker', run: 'sleep 600', timeout: '20m' }] };
    expect((await torch.cli('run', '--detach', torch.plan('long.json', plan))).code).toBe(0);
    await waitUntil(() => torch.processes().some((line) => line.includes('sleep 600')), { what: 'the task to run', deadlineMs: 20_000 });
    expect((await torch.cli('down')).code).toBe(0);
    expect(torch.processes()).toEqual([]);
    expect(existsSync(join(torch.data, 'torch.json'))).toBe(false);
    expect((await torch.cli('status')).code).toBe(3);
  }, 90_000);
});
