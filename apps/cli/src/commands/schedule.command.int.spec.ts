import { planTaskOf, type TaskSpec } from '@torch/contracts';
import { linesOf, runCanned } from '../doubles/canned-cli.fixture';

const PLAN = 'tasks:\n  - { key: sweep, role: builder, run: make clean, timeout: 5m }\n';
const spec: TaskSpec = {
  taskId: 'nightly.0.sweep',
  key: 'sweep',
  title: 'sweep',
  role: 'builder',
  skills: ['make:2'],
  prefer: [],
  run: 'make clean',
  dependsOn: [],
  priority: 5,
  timeoutMs: 300_000,
  retries: 2,
  deadlineMs: 5_400_000,
  queueTimeoutMs: 1500,
  approval: { timeoutMs: 86_400_000, onTimeout: 'deny' },
  budget: { tokens: 5, wallMs: 90_000 },
  metered: true,
};
const view = {
  scheduleId: 'nightly',
  cron: '0 3 * * *',
  timeZone: 'Europe/Berlin',
  overlap: 'queue',
  missed: 'once',
  paused: false,
  task: spec,
  nextAtMs: 0,
  lastRunId: 'nightly.1',
};

describe('torch schedule set', () => {
  it('takes the one task of a plan', async () => {
    const args = ['schedule', 'set', 'nightly', 'plan.yaml', '--cron', '0 3 * * *', '--zone', 'Europe/Berlin', '--overlap', 'queue'];
    const { asked, stdout } = await runCanned(args, {}, { files: { 'plan.yaml': PLAN } });
    expect(asked).toEqual([
      {
        route: 'PUT /schedules/nightly',
        query: {},
        body: {
          cron: '0 3 * * *',
          timeZone: 'Europe/Berlin',
          overlap: 'queue',
          task: { key: 'sweep', role: 'builder', run: 'make clean', timeout: '5m', cwd: expect.stringMatching(/^\//) as string },
        },
      },
    ]);
    expect(stdout).toBe('Schedule nightly is set: 0 3 * * *, Europe/Berlin.\n');
  });

  it('takes a task that is given with it', async () => {
    const { asked } = await runCanned([
      'schedule',
      'set',
      'sweep',
      '--cron',
      '@hourly',
      '--role',
      'builder',
      '--run',
      'make clean',
      '--paused',
    ]);
    expect(asked[0]?.body).toMatchObject({ cron: '@hourly', paused: true, task: { key: 'sweep', role: 'builder', run: 'make clean' } });
  });

  it.each([
    [['--cron', '@daily'], 'Give a plan with the one task, or --role and one of --run and --prompt.'],
    [
      ['--cron', '@daily', '--role', 'r', '--run', 'x', '--prompt', 'y'],
      'Give a plan with the one task, or --role and one of --run and --prompt.',
    ],
    [['plan.yaml', '--cron', '@daily', '--role', 'r'], '--role, --run, --prompt and --title go without a plan.'],
    [['two.yaml', '--cron', '@daily'], "two.yaml: A schedule's plan is one task, without agents."],
    [['plan.yaml'], "required option '--cron <expression>' not specified"],
  ])('refuses %j', async (args, message) => {
    const two = `${PLAN}  - { key: more, role: builder, run: make }\n`;
    const { exitCode, stderr, asked } = await runCanned(
      ['schedule', 'set', 's', ...args],
      {},
      { files: { 'plan.yaml': PLAN, 'two.yaml': two } },
    );
    expect(stderr).toContain(message);
    expect([exitCode, asked]).toEqual([2, []]);
  });
});

describe('a schedule', () => {
  it('is listed with when it is next due', async () => {
    const schedules = [view, { ...view, scheduleId: 'off', paused: true, lastRunId: undefined }];
    const { stdout } = await runCanned(['schedule', 'list'], { 'GET /schedules': { schedules } });
    const [, first, second] = linesOf(stdout);
    expect(first).toMatch(/^nightly +0 3 \* \* \* +Europe\/Berlin +builder +queue, once +\d{4}-\d\d-\d\d \S+ +nightly\.1$/);
    expect(second).toMatch(/^off .* paused$/);
  });

  it.each([
    ['pause', true],
    ['resume', false],
  ])('is set as it is by "%s", but for that', async (command, paused) => {
    const { asked, exitCode } = await runCanned(['schedule', command, 'nightly'], { 'GET /schedules/nightly': view });
    expect(exitCode).toBe(0);
    expect(asked[1]).toEqual({
      route: 'PUT /schedules/nightly',
      query: {},
      body: { cron: '0 3 * * *', timeZone: 'Europe/Berlin', overlap: 'queue', missed: 'once', paused, task: planTaskOf(spec) },
    });
  });
});
