import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CloudEvent, type Harness, runAgent } from '@torch/agent';
import type { ApprovalList, PlanTask, TaskExplained, TaskInput, TaskList, TaskStatus, TaskView } from '@torch/contracts';
import { waitUntil } from '@torch/testing';
import { type RunResult, Torch } from './torch.fixture';

/** Of an attempt that has nothing left to spend: the time within which it is over. */
const BUDGET_STOP_MS_MAX = 2000;

type Task = Omit<PlanTask, 'role'> & Partial<Pick<PlanTask, 'role'>>;
interface Submitted {
  readonly runId: string;
  readonly tasks: readonly { readonly key: string; readonly taskId: string }[];
}

(process.env.TORCH_TEST_LONG ? describe : describe.skip)('the rules of a project', () => {
  const torch = new Torch();
  const path = (name: string): string => join(torch.work, name);
  const text = (name: string): string => (existsSync(path(name)) ? readFileSync(path(name), 'utf8') : '');
  let agent: ChildProcess;
  let plans = 0;

  beforeAll(async () => {
    await torch.up();
    agent = torch.start('agent', 'run', '--role', 'worker', '--id', 'hand', '--capacity', '8');
    await waitUntil(async () => (await torch.cli('agent', 'show', 'hand')).code === 0, { what: 'the agent to register' });
  }, 60_000);
  afterAll(async () => {
    agent.kill('SIGTERM');
    await torch.down();
    torch.remove();
  }, 30_000);

  const plan = (...tasks: Task[]): string =>
    torch.plan(`plan-${++plans}.json`, { tasks: tasks.map((task) => ({ role: 'worker', ...task })) });
  const run = (...tasks: Task[]): Promise<RunResult> => torch.json<RunResult>('run', plan(...tasks));
  const statusesOf = (result: RunResult) => Object.fromEntries(result.results.map(({ key, status }) => [key, status]));
  async function submit(...tasks: Task[]): Promise<string[]> {
    return (await torch.json<Submitted>('run', '--detach', plan(...tasks))).tasks.map(({ taskId }) => taskId);
  }
  const view = async (taskId: string): Promise<TaskView> =>
    (await (await torch.http('GET', `/v1/projects/default/tasks/${taskId}`)).json()) as TaskView;
  const reaches = (taskId: string, status: TaskStatus): Promise<TaskView> =>
    waitUntil(
      async () => {
        const found = await view(taskId);
        return found.status === status && found;
      },
      { what: `task ${taskId} to be ${status}`, deadlineMs: 20_000 },
    ) as Promise<TaskView>;
  const explained = (taskId: string): Promise<TaskExplained> => torch.json('task', 'explain', taskId);
  const done = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await torch.cli(...args);
    expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
  };
  /** Fails at once when another task is within the same lock. */
  const alone = (lock: string): string => `mkdir ${lock} || exit 9; sleep 0.3; rmdir ${lock}`;

  it('hand results over, run what waits for a failure, and skip what waited for success', async () => {
    const result = await run(
      { key: 'make', run: `printf '{"answer":42}' > "$TORCH_RESULT_FILE"` },
      { key: 'use', run: 'printf %s "$TORCH_INPUTS" > inputs.json', dependsOn: ['make'] },
      { key: 'bad', run: 'exit 77' },
      { key: 'mend', run: 'true', after: [{ task: 'bad', on: 'failure' }] },
      { key: 'build-on', run: 'true', dependsOn: ['bad'] },
    );
    expect(statusesOf(result)).toEqual({ make: 'completed', use: 'completed', bad: 'failed', mend: 'completed', 'build-on': 'skipped' });
    expect(JSON.parse(text('inputs.json')) as TaskInput[]).toEqual([
      expect.objectContaining({ key: 'make', status: 'completed', result: { answer: 42 } }),
    ]);
  }, 30_000);

  it('keep what shares a semaphore or a path apart, and nothing else', async () => {
    await done('limit', 'set', 'semaphore', 'db', '--concurrency', '1');
    const meets = (own: string, other: string): string => `touch ${own}; until [ -e ${other} ]; do sleep 0.05; done`;
    const result = await run(
      { key: 'db-1', run: alone('db.lock'), semaphores: ['db'], retries: 0 },
      { key: 'db-2', run: alone('db.lock'), semaphores: ['db'], retries: 0 },
      { key: 'all', run: alone('src.lock'), claims: [{ path: 'repo:src/**', mode: 'exclusive' }], retries: 0 },
      { key: 'one', run: alone('src.lock'), claims: [{ path: 'repo:src/*.ts', mode: 'exclusive' }], retries: 0 },
      { key: 'here', run: meets('here', 'there'), timeout: '20s', retries: 0 },
      { key: 'there', run: meets('there', 'here'), timeout: '20s', retries: 0 },
    );
    expect(result).toMatchObject({ status: 'completed', tasks: { total: 6, completed: 6 } });
  }, 30_000);

  it('say what a task waits for, and let the priority decide who is next', async () => {
    await done('limit', 'set', 'semaphore', 'gate', '--concurrency', '1');
    const [holder = ''] = await submit({ key: 'holder', run: 'until [ -e go ]; do sleep 0.05; done', semaphores: ['gate'] });
    await reaches(holder, 'running');
    const note = (key: string): Task => ({ key, run: `echo ${key} >> order`, semaphores: ['gate'] });
    const [early = '', late = ''] = await submit(note('early'), note('late'));
    const [told, shown] = await Promise.all([explained(early), torch.cli('task', 'explain', early)]);
    expect(told.waiting).toContainEqual(expect.objectContaining({ reason: 'limit', what: expect.stringContaining('gate') }));
    expect(shown.stdout).toContain('gate');
    await done('task', 'priority', late, '0');
    writeFileSync(path('go'), '');
    await Promise.all([early, late].map((taskId) => reaches(taskId, 'completed')));
    expect(text('order')).toBe('late\nearly\n');
  }, 30_000);

  it('ask before a task starts', async () => {
    const [taskId = ''] = await submit({ key: 'careful', run: 'true', approval: { question: 'Shall it go live?' } });
    await reaches(taskId, 'awaiting-approval');
    const [{ approvals }, { waiting }] = await Promise.all([torch.json<ApprovalList>('approvals'), explained(taskId)]);
    expect(approvals).toEqual([expect.objectContaining({ taskId, question: 'Shall it go live?', status: 'open' })]);
    expect(waiting).toContainEqual(expect.objectContaining({ reason: 'approval' }));
    await done('approve', approvals[0]?.approvalId as string, '--note', 'Go.');
    expect(await reaches(taskId, 'completed')).toMatchObject({ attempt: 1 });
  }, 30_000);

  it("let an agent of one's own claim paths, and ask in the middle of its work", async () => {
    const stop = new AbortController();
    const harness: Harness = {
      name: 'own',
      onWork: async (_work, { calls }) => {
        const claim = await calls.claim(['repo:lib/a.ts']);
        const answer = await calls.ask({ question: 'Which way?', options: ['left', 'right'] });
        return { outcome: 'completed', result: { claim, answer } };
      },
      onMessage: () => Promise.resolve(),
    };
    const token = readFileSync(join(torch.data, 'token'), 'utf8').trim();
    const own = runAgent({
      log: () => undefined,
      url: torch.state().url,
      token,
      project: 'default',
      agentId: 'own',
      role: 'thinker',
      harness,
      signal: stop.signal,
    });
    try {
      await done('claim', 'take', 'repo:lib/**', '--agent', 'hand');
      const [taskId = ''] = await submit({ key: 'think', role: 'thinker', prompt: 'Which way is it?' });
      const [asked] = await waitUntil(
        async () => {
          const { approvals } = (await (await torch.http('GET', '/v1/projects/default/approvals')).json()) as ApprovalList;
          return approvals.length > 0 ? approvals : undefined;
        },
        { what: 'the question' },
      );
      await done('approve', asked?.approvalId as string, '--option', 'left');
      expect((await reaches(taskId, 'completed')).result).toMatchObject({
        claim: { granted: false, heldBy: { agentId: 'hand', path: 'repo:lib/**' } },
        answer: { status: 'answered', option: 'left', by: 'user:operator' },
      });
    } finally {
      stop.abort('The test is over.');
      await own;
    }
  }, 30_000);

  it('stop an attempt in the middle when its budget is spent', async () => {
    const spend = (tokens: number): string => `echo '{"inputTokens":${tokens},"model":"m-1"}' >> "$TORCH_USAGE_FILE"`;
    const [taskId = ''] = await submit({
      key: 'costly',
      run: `${spend(60)}; sleep 0.5; ${spend(140)}; touch spent; sleep 301`,
      budget: { tokens: 100 },
      estimate: { tokens: 50 },
      metered: true,
    });
    const failed = await reaches(taskId, 'failed');
    const spentAtMs = statSync(path('spent')).mtimeMs;
    expect(failed.reason).toMatch(/^budget/);
    expect((failed.endedAtMs as number) - spentAtMs).toBeLessThan(BUDGET_STOP_MS_MAX);
    await waitUntil(() => !torch.processes().some((line) => line.includes('sleep 301')), { what: 'the process to end', deadlineMs: 2000 });
    expect((await torch.cli('usage', '--by', 'model')).stdout).toMatch(/m-1.*140/);
  }, 30_000);

  it('take a result only with the evidence that was asked for', async () => {
    const repository = path('repository');
    mkdirSync(repository);
    const git = (...args: string[]): string => execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8' });
    git('init', '--quiet');
    git('config', 'user.email', 'worker@torch.example');
    git('config', 'user.name', 'worker');
    git('commit', '--quiet', '--allow-empty', '-m', 'Before');
    const [taskId = ''] = await submit({
      key: 'proved',
      cwd: repository,
      run: '[ "$TORCH_ATTEMPT" = 1 ] || { echo made > made.txt; git add made.txt; git commit --quiet -m Made; }',
      evidence: { exitCodeZero: true, commit: true, artefacts: [{ path: 'made.txt' }], command: 'test -s made.txt' },
      retries: 1,
    });
    expect(await reaches(taskId, 'completed')).toMatchObject({ attempt: 2 });
    const { events } = await torch.json<{ events: CloudEvent<Record<string, unknown>>[] }>('task', 'show', taskId);
    const data = (type: string) => events.find((event) => event.type.endsWith(type))?.data;
    expect(data('task.attempt-failed')).toMatchObject({ reason: 'evidence-missing', message: expect.stringContaining('made.txt') });
    expect(data('task.completed')).toMatchObject({ evidence: { commit: git('rev-parse', 'HEAD').trim(), command: { exitCode: 0 } } });
  }, 30_000);

  it('stop all work and let it go on, without spending an attempt', async () => {
    const [taskId = ''] = await submit({ key: 'long', run: 'echo up >> starts; [ -e resumed ] || sleep 302', retries: 0 });
    await waitUntil(() => text('starts') !== '', { what: 'the task to run' });
    await done('stop-all', '--reason', 'The build machine is on fire.');
    await waitUntil(() => !torch.processes().some((line) => line.includes('sleep 302')), { what: 'the process to end' });
    expect((await explained(taskId)).waiting).toContainEqual(expect.objectContaining({ reason: 'stopped' }));
    writeFileSync(path('resumed'), '');
    await done('resume');
    await reaches(taskId, 'completed');
    expect(text('starts')).toBe('up\nup\n');
  }, 30_000);

  it('give a task up, and take it up again when somebody says so', async () => {
    const [taskId = ''] = await submit({ key: 'broken', run: '[ -e mended ]', retries: 0 });
    await reaches(taskId, 'dead-lettered');
    const { tasks } = await torch.json<TaskList>('task', 'dead');
    expect(tasks.map(({ spec }) => spec.taskId)).toEqual([taskId]);
    writeFileSync(path('mended'), '');
    await done('task', 'redrive', '--all', '--reason', 'exit code 1');
    await reaches(taskId, 'completed');
  }, 30_000);

  it('start a task again and again when it is time', async () => {
    await done('schedule', 'set', 'tick', '--cron', '* * * * * *', '--role', 'worker', '--run', 'echo tick >> ticks');
    await waitUntil(() => text('ticks').split('\n').length > 2, { what: 'two ticks', deadlineMs: 15_000 });
    await done('schedule', 'remove', 'tick');
  }, 30_000);

  it('leave a log that replays to the same state', async () => {
    expect(await torch.json('log', 'replay')).toMatchObject({ equal: true });
  }, 30_000);
});
