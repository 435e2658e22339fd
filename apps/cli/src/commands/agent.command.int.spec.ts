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
    expect(header).toMatch(/^AGENT +STATE +ROLE +SKILLS +HARNESS +AT WORK +DONE +FAILED +SUCCESS +SEEN$/);
    expect(line).toMatch(/^b-1 +busy +builder +go,ts:3 +exec +1 of 2 +9 +1 +83% +1 min \d\d s ago$/);
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
