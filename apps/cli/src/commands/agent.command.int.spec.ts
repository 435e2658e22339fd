import { linesOf, runCanned } from '../doubles/canned-cli.fixture';

const agent = {
  agentId: 'b-1',
  name: 'Bob',
  role: 'builder',
  skills: ['go', 'ts:3'],
  capacity: 2,
  harness: 'exec',
  instance: 'i-1',
  presence: 'live',
  registeredAtMs: 0,
  lastSeenAtMs: Date.now() - 90_000,
  completed: 9,
  failed: 1,
  state: 'busy',
  labels: { region: 'eu', gpu: 'yes' },
  model: 'opus',
  version: '1.2',
  running: 1,
  successRate: 0.834,
};

describe('torch agent list', () => {
  it('asks for agents by everything that they can be found by', async () => {
    const args = [
      ...['--role', 'builder', '--skills', 'ts:3,go', '--any-skill', 'rust,zig', '--labels', 'region=eu', '--state', 'idle'],
      ...['--presence', 'live', '--free', '2', '--name', 'Bo', '--order', 'score', '--limit', '5', '--after', 'a-9'],
    ];
    const { asked } = await runCanned(['agent', 'list', ...args], { 'GET /agents': { agents: [] } });
    expect(asked[0]?.query).toEqual({
      role: 'builder',
      skills: 'ts:3,go',
      anySkill: 'rust,zig',
      'labels[region]': 'eu',
      state: 'idle',
      presence: 'live',
      free: '2',
      namePrefix: 'Bo',
      order: 'score',
      limit: '5',
      after: 'a-9',
    });
  });

  it('shows what each is doing and how its attempts went', async () => {
    const { stdout } = await runCanned(['agent', 'list'], { 'GET /agents': { agents: [agent], next: 'b-1' } });
    const [header, line, more] = linesOf(stdout);
    expect(header).toMatch(/^AGENT +STATE +ROLE +SKILLS +HARNESS +MODEL +AT WORK +DONE +FAILED +SUCCESS +SEEN$/);
    expect(line).toMatch(/^b-1 +busy +builder +go,ts:3 +exec 1\.2 +opus +1 of 2 +9 +1 +83% +1 min \d\d s ago$/);
    expect(more).toBe('More: --after b-1');
  });
});

describe('torch agent show', () => {
  it('shows the signs of life that it gives, and its track record', async () => {
    const record = [
      { of: 'kind:review', completed: 4, failed: 2, successRate: 0.625, durationMs: 2500, failures: [{ reason: 'timed-out', count: 2 }] },
    ];
    const found = { ...agent, seen: { heartbeatAtMs: Date.now() - 2000 }, record };
    const { stdout } = await runCanned(['agent', 'show', 'b-1'], { 'GET /agents/b-1': found });
    const lines = linesOf(stdout);
    for (const line of [
      'state:       busy',
      'labels:      gpu=yes, region=eu',
      'at work:     1 of 2',
      'harness:     exec 1.2',
      'model:       opus',
      'success:     83%',
    ])
      expect(lines).toContain(line);
    expect(stdout).toMatch(/^ {2}heartbeat: +\d\.\d s ago$/m);
    expect(stdout).not.toContain('connection:');
    expect(lines.slice(-2)).toEqual([
      'RECORD       DONE  FAILED  SUCCESS  MEAN TIME  FAILURES',
      'kind:review     4       2  63%      2.5 s      timed-out 2',
    ]);
  });
});

describe('torch agent run', () => {
  const refused = { status: 403, code: 'not-allowed', detail: 'Not here.' };
  const registered = async (...args: string[]): Promise<unknown> => {
    const { asked, exitCode, stderr } = await runCanned(['agent', 'run', '--id', 'b-1', ...args], { 'GET /agents/b-1/stream': refused });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'Agent b-1 has ended (refused): Not here.\n' });
    expect(asked[0]?.route).toBe('PUT /agents/b-1');
    return asked[0]?.body;
  };

  it('says which model it uses, and the version of what drives it', async () => {
    const said = { harness: 'exec', model: 'm-1', version: '2.3.0' };
    expect(await registered('--model', 'm-1', '--version', '2.3.0')).toMatchObject(said);
    Object.assign(process.env, { TORCH_AGENT_MODEL: 'm-1', TORCH_AGENT_VERSION: '2.3.0' });
    try {
      expect(await registered()).toMatchObject(said);
    } finally {
      delete process.env.TORCH_AGENT_MODEL;
      delete process.env.TORCH_AGENT_VERSION;
    }
  });

  it('says nothing of a model or a version that was not named', async () => {
    const body = await registered();
    expect(body).not.toHaveProperty('model');
    expect(body).not.toHaveProperty('version');
  });

  it.each([
    [['--model', ''], '--model must have 1 to 128 characters, but has 0.'],
    [['--model', 'm'.repeat(129)], '--model must have 1 to 128 characters, but has 129.'],
    [['--version', ''], '--version must have 1 to 64 characters, but has 0.'],
    [['--version', '9'.repeat(65)], '--version must have 1 to 64 characters, but has 65.'],
  ])('does not start with %j', async (args, message) => {
    const { asked, exitCode, stderr } = await runCanned(['agent', 'run', '--id', 'b-1', ...args]);
    expect({ asked, exitCode, stderr }).toEqual({ asked: [], exitCode: 2, stderr: expect.stringContaining(message) as string });
  });
});
