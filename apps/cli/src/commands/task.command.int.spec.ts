import { linesOf, runCanned } from '../doubles/canned-cli.fixture';

const spec = (taskId: string, role = 'builder') => ({
  taskId,
  key: taskId,
  title: taskId,
  role,
  skills: [],
  prefer: [],
  dependsOn: [],
  priority: 5,
  timeoutMs: 1,
  retries: 0,
});
const task = (taskId: string, reason?: string) => ({
  runId: 'r',
  spec: spec(taskId),
  status: 'dead-lettered',
  attempt: 3,
  reason,
  submittedAtMs: 1,
  endedAtMs: 2,
  correlationId: 'c',
});

describe('torch task explain', () => {
  const explanation = {
    taskId: 't-1',
    status: 'ready',
    priority: 5,
    effectivePriority: 3,
    ahead: 2,
    waiting: [
      { reason: 'limit', what: 'role builder', message: '4 of 4 tasks run at a time.' },
      { reason: 'rate', what: 'key ci', message: '10 in a minute.', untilMs: 1000 },
    ],
    candidates: [
      { agentId: 'b-1', fits: true, misfits: [], score: 7.5, parts: { successRate: 3, load: 2, preferred: 1, affinity: 0, idle: 1.5 } },
      { agentId: 'b-2', fits: false, misfits: [{ message: 'Lacks typescript:3.' }, { message: 'Is draining.' }] },
    ],
    summary: 'It waits for the limit of role builder.',
  };

  it('says what it waits for, and how each agent stands to it', async () => {
    const { stdout, exitCode } = await runCanned(['task', 'explain', 't-1'], { 'GET /tasks/t-1/explain': explanation });
    expect(exitCode).toBe(0);
    const lines = linesOf(stdout);
    expect(lines.slice(0, 5)).toEqual([
      'task:      t-1',
      'status:    ready',
      'priority:  5, by waiting 3',
      'before it: 2 ready tasks',
      'It waits for the limit of role builder.',
    ]);
    expect(lines[6]).toMatch(/^limit +role builder +4 of 4 tasks run at a time\.$/);
    expect(lines[7]).toMatch(/^rate +key ci +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +10 in a minute\.$/);
    expect(lines.slice(8)).toEqual([
      'AGENT  SCORE  SUCCESS  LOAD  PREFERRED  AFFINITY  IDLE  WHY NOT',
      'b-1     7.50     3.00  2.00       1.00      0.00  1.50',
      'b-2                                                     Lacks typescript:3.; Is draining.',
    ]);
  });

  it('gives all of it with --json', async () => {
    const { stdout } = await runCanned(['task', 'explain', 't-1', '--json'], { 'GET /tasks/t-1/explain': explanation });
    expect(JSON.parse(stdout)).toEqual(explanation);
  });

  it('fails for a task that there is not', async () => {
    expect(await runCanned(['task', 'explain', 'none'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('There is no') });
  });
});

describe('torch task list', () => {
  it('asks for a status and a role', async () => {
    const { asked } = await runCanned(['task', 'list', '--status', 'awaiting-approval', '--role', 'builder', '--run', 'r'], {
      'GET /tasks': { tasks: [] },
    });
    expect(asked).toEqual([
      { route: 'GET /tasks', query: { runId: 'r', status: 'awaiting-approval', role: 'builder', limit: '50' }, body: undefined },
    ]);
  });
});

describe('torch task dead', () => {
  it('lists what was given up and why, of all pages, up to a limit', async () => {
    const tasks = [task('t-1', 'exit code 1'), task('t-2', 'disk full'), task('t-3', 'the disk is full'), task('t-4')];
    const listed = async (...args: string[]) => {
      const { stdout, asked } = await runCanned(['task', 'dead', '--role', 'builder', '--json', ...args], { 'GET /tasks': { tasks } });
      expect(asked[0]?.query).toMatchObject({ status: 'dead-lettered', role: 'builder' });
      return (JSON.parse(stdout) as { tasks: { spec: { taskId: string } }[] }).tasks.map(({ spec }) => spec.taskId);
    };
    expect(await listed()).toEqual(['t-1', 't-2', 't-3', 't-4']);
    expect(await listed('--reason', 'disk')).toEqual(['t-2', 't-3']);
    expect(await listed('--reason', 'disk', '--limit', '1')).toEqual(['t-2']);
    const { stdout } = await runCanned(['task', 'dead'], { 'GET /tasks': { tasks } });
    expect(linesOf(stdout)[1]).toMatch(/^t-1 +builder +3 +\S+ \S+ +exit code 1$/);
  });
});
