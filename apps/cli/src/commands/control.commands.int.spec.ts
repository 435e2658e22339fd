import { linesOf, runCanned } from '../doubles/canned-cli.fixture';

const OK = { exitCode: 0, stderr: '' };

describe('a write', () => {
  it.each<[string[], string, unknown, string]>([
    [['task', 'priority', 't-1', '0'], 'POST /tasks/t-1/priority', { priority: 0 }, 'Task t-1 has priority 0.'],
    [
      ['task', 'cancel', 't-1', '--subtree', '--reason', 'Moot.'],
      'POST /tasks/t-1/cancel',
      { reason: 'Moot.', subtree: true },
      'Task t-1 and what depends on it is cancelled.',
    ],
    [['task', 'redrive', 't-1', 't-2'], 'POST /tasks/redrive', { taskIds: ['t-1', 't-2'] }, 'In the queue again: t-1, t-2.'],
    [
      ['task', 'redrive', '--all', '--role', 'builder', '--reason', 'disk', '--limit', '9'],
      'POST /tasks/redrive',
      { role: 'builder', reason: 'disk', limit: 9 },
      'Dead letters that fit are in the queue again, up to 9 of them.',
    ],
    [
      ['stop-all', '--reason', 'Fire.'],
      'POST /stop',
      { reason: 'Fire.' },
      'All work of project default is stopped. Go on with "torch resume".',
    ],
    [['resume'], 'POST /resume', {}, 'The work of project default goes on.'],
    [
      ['limit', 'set', 'project', '--concurrency', '20', '--rate', '10/1m', '--burst', '3'],
      'PUT /limits/project/*',
      { concurrency: 20, rate: { tasks: 10, perMs: 60_000, burst: 3 } },
      'The limit for the project is set.',
    ],
    [
      ['limit', 'set', 'key', 'night ly', '--weight', '0.5'],
      'PUT /limits/key/night ly',
      { weight: 0.5 },
      'The limit for key night ly is set.',
    ],
    [['limit', 'remove', 'role'], 'DELETE /limits/role/*', {}, 'The limit for each role is taken away.'],
    [
      ['budget', 'set', 'day', '--usd', '12.50', '--time', '2h'],
      'PUT /budgets/day',
      { limit: { costUsd: 12.5, wallMs: 7_200_000 } },
      'The budget of the day is set.',
    ],
    [
      ['budget', 'set', 'agent', '*', '--tokens', '5'],
      'PUT /budgets/agent/*',
      { limit: { tokens: 5 } },
      'The budget of each agent is set.',
    ],
    [['budget', 'set', 'project', '--none'], 'PUT /budgets/project', { limit: {} }, 'The budget of the project is taken away.'],
    [['approve', 'a-1'], 'POST /approvals/a-1/answer', { option: 'approve' }, 'Question a-1 is answered: approve.'],
    [
      ['approve', 'a-1', '--option', 'blue', '--note', 'Why not.'],
      'POST /approvals/a-1/answer',
      { option: 'blue', note: 'Why not.' },
      'Question a-1 is answered: blue.',
    ],
    [['deny', 'a-1'], 'POST /approvals/a-1/answer', { option: 'deny' }, 'Question a-1 is answered: deny.'],
    [
      ['agent', 'drain', 'b-1', '--reason', 'Update.'],
      'POST /agents/b-1/drain',
      { reason: 'Update.' },
      'Agent b-1 finishes what it has, and gets nothing new.',
    ],
    [
      ['agent', 'update', 'b-1', '--skills', 'ts:3, go', '--labels', 'region=eu,gpu=a b', '--capacity', '2'],
      'PATCH /agents/b-1',
      { skills: ['ts:3', 'go'], labels: { region: 'eu', gpu: 'a b' }, capacity: 2 },
      'Agent b-1 is changed: skills, labels, capacity.',
    ],
    [['claim', 'release', 'c-1', '--agent', 'b-1'], 'POST /claims/c-1/release', { agentId: 'b-1' }, 'Claim c-1 is released.'],
    [
      ['conflict', 'resolve', 'k-1', 'b', 'is right.', '--in-favour-of', 'agent:b'],
      'POST /conflicts/k-1/resolve',
      { resolution: 'b is right.', inFavourOf: 'agent:b' },
      'Conflict k-1 is resolved.',
    ],
    [['schedule', 'remove', 'nightly'], 'DELETE /schedules/nightly', {}, 'Schedule nightly is removed.'],
  ])('%j is one request', async (args, route, body, said) => {
    const { asked, stdout, ...rest } = await runCanned(args);
    expect(asked).toEqual([{ route, query: {}, body }]);
    expect([rest, stdout]).toEqual([OK, `${said}\n`]);
    const { stdout: json } = await runCanned([...args, '--json']);
    expect(JSON.parse(json)).toMatchObject({ position: '7-0' });
  });

  it.each([
    [['task', 'priority', 't-1', '10'], '<priority> must be a whole number from 0 to 9.'],
    [['task', 'redrive'], 'Give either tasks, or --all.'],
    [['task', 'redrive', 't-1', '--all'], 'Give either tasks, or --all.'],
    [['task', 'redrive', 't-1', '--role', 'r'], '--role, --run, --kind, --reason and --limit go with --all.'],
    [['limit', 'set', 'project'], 'Give at least one of: --concurrency, --rate, --queued, --weight.'],
    [['limit', 'set', 'planet', '--weight', '1'], 'Allowed choices are project, role, key, agent, semaphore.'],
    [['limit', 'set', 'project', '--rate', 'fast'], '--rate must be tasks and a duration, such as "10/1m".'],
    [['limit', 'set', 'project', '--burst', '3', '--queued', '9'], '--burst goes with --rate.'],
    [['limit', 'set', 'key', 'k', '--weight', '-1'], '--weight must be a number from 0.01 to 1000.'],
    [['budget', 'set', 'project'], 'Give at least one of --tokens, --usd and --time; or --none, alone.'],
    [['budget', 'set', 'project', '--none', '--usd', '1'], 'Give at least one of --tokens, --usd and --time; or --none, alone.'],
    [['budget', 'set', 'agent', '--usd', '1'], 'Say which agent: its id, or "*" for each.'],
    [['budget', 'set', 'day', 'monday', '--usd', '1'], 'The budget of a day has no name, but "monday" was given.'],
    [['budget', 'set', 'day', '--usd', '-1'], '--usd must be a number from 0 to 1000000000.'],
    [['agent', 'update', 'b-1'], 'Give at least one of: --skills, --labels, --capacity, --model.'],
    [['agent', 'update', 'b-1', '--skills', 'ts:12'], '"ts:12" must be a skill such as "typescript" or "typescript:3".'],
    [['agent', 'update', 'b-1', '--labels', 'gpu'], '"gpu" must be a label and its value, such as "region=eu".'],
    [['conflict', 'open', '--about', 'x', '--party', 'bob=me'], '--party must be "agent:<id>=<evidence>" or "user:<name>=<evidence>".'],
    [['claim', 'take', 'repo:x', '--lease', 'long'], '--lease must be a duration such as "30s", "10m" or "2h".'],
  ])('%j is wrong usage, and asks nobody', async (args, message) => {
    const { exitCode, stderr, asked } = await runCanned(args);
    expect(stderr).toContain(message);
    expect([exitCode, asked]).toEqual([2, []]);
  });
});

describe('torch limit list', () => {
  it('shows limits and what counts against them, and that all work is stopped', async () => {
    const limits = [
      { scope: 'project', name: '*', concurrency: 20, inUse: 3, waiting: 0 },
      { scope: 'key', name: 'ci', rate: { tasks: 10, perMs: 60_000 }, weight: 0.5, inUse: 1, waiting: 7 },
    ];
    const { stdout } = await runCanned(['limit', 'list'], { 'GET /limits': { limits, stopped: true, stopReason: 'Fire.' } });
    expect(linesOf(stdout)).toEqual([
      'All work is stopped: Fire. Go on with "torch resume".',
      'SCOPE    NAME  CONCURRENCY  RATE              QUEUED  WEIGHT  IN USE  WAITING',
      'project  *              20                                         3        0',
      'key      ci                 10 in 1 min 00 s             0.5       1        7',
    ]);
  });
});

describe('torch budget list and torch usage', () => {
  it('show what is used and reserved of what there is', async () => {
    const budgets = [
      { scope: 'day', limit: { costUsd: 25 }, used: { costUsd: 3.5, tokens: 900 }, reserved: { costUsd: 1 } },
      { scope: 'agent', name: 'b-1', limit: { tokens: 1000, wallMs: 60_000 }, used: {}, reserved: {} },
    ];
    const { stdout } = await runCanned(['budget', 'list'], { 'GET /budgets': { budgets } });
    expect(stdout).toContain('$3.50 (+ $1.00) of $25.00');
    expect(linesOf(stdout)[2]).toMatch(/^agent +b-1 +0 of 1000 +0 ms of 1 min 00 s$/);
  });

  it('show totals by what is asked for', async () => {
    const totals = [{ name: 'opus', inputTokens: 5, outputTokens: 2, costUsd: 0.126, wallMs: 1500, attempts: 3 }];
    const { stdout, asked } = await runCanned(['usage', '--by', 'model', '--limit', '5'], { 'GET /usage': { totals } });
    expect(asked[0]?.query).toEqual({ by: 'model', limit: '5' });
    expect(linesOf(stdout)).toEqual(['MODEL  INPUT  OUTPUT   USD  TIME   ATTEMPTS', 'opus       5       2  0.13  1.5 s         3']);
  });
});

describe('torch approvals', () => {
  it('lists open questions, and all when asked to', async () => {
    const approval = {
      approvalId: 'a-1',
      taskId: 't-1',
      agentId: 'b-1',
      question: 'Drop the\ntable?',
      options: ['yes', 'no'],
      requestedAtMs: 0,
      timeoutAtMs: 0,
      onTimeout: 'deny',
    };
    const approvals = [
      { ...approval, status: 'open', escalatedTo: 'lead' },
      { ...approval, approvalId: 'a-2', status: 'answered', option: 'no', answeredBy: 'user:ann' },
    ];
    const { stdout, asked } = await runCanned(['approvals', '--all', '--task', 't-1'], { 'GET /approvals': { approvals } });
    expect(asked[0]?.query).toEqual({ open: 'false', taskId: 't-1', limit: '50' });
    expect(stdout).toMatch(/a-1 +t-1 +b-1 +open, with lead +yes,no +\S+ \S+ +Drop the table\?/);
    expect(stdout).toContain('no by user:ann');
    expect((await runCanned(['approvals'], { 'GET /approvals': { approvals: [] } })).stdout).toBe('No open questions.\n');
  });
});
