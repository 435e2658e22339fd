import { InMemoryLogServer } from '@torch/log';
import { type FixtureRequest, GatewayFixture } from '../spec/gateway.fixture';
import { refusedBy } from '../spec/refusals.fixture';

let server: InMemoryLogServer;
let gateway: GatewayFixture;

beforeAll(async () => {
  server = new InMemoryLogServer();
  await server.partitions(2);
  gateway = await GatewayFixture.start({ connect: () => server.connect() });
});
afterAll(() => gateway.stop());

const BASE = '/v1/projects/default';
const put = (body: unknown, headers: Record<string, string> = {}): FixtureRequest => ({ method: 'PUT', body, headers });
const post = (body: unknown): FixtureRequest => ({ method: 'POST', body });
const claim = (more: object): FixtureRequest => post({ agentId: 'dev-1', paths: [{ path: 'repo:a', mode: 'shared' }], ...more });

describe('bad input to', () => {
  it.each<[what: string, path: string, init: FixtureRequest, status: number, code: string, pointers: string[]]>([
    ['limits of no scope', '/limits/galaxy/x', put({}), 400, 'invalid-path', []],
    ['limits of an endless name', `/limits/key/${'x'.repeat(129)}`, put({}), 400, 'invalid-path', []],
    [
      'limits: negative',
      '/limits/role/qa',
      put({ concurrency: -1, weight: 0, rate: { tasks: 0, perMs: 1 } }),
      400,
      'invalid-request',
      ['/concurrency', '/rate/tasks', '/rate/perMs', '/weight'],
    ],
    ['limits: a scope in the body too', '/limits/role/qa', put({ scope: 'key' }), 400, 'invalid-request', ['/scope']],
    ['limits: one that is not there', '/limits/role/nobody', {}, 404, 'unknown-limit', []],
    [
      'budgets: negative',
      '/budgets/project',
      put({ limit: { tokens: -5, costUsd: -0.1 } }),
      400,
      'invalid-request',
      ['/limit/tokens', '/limit/costUsd'],
    ],
    ['budgets: none', '/budgets/project', put({}), 400, 'invalid-request', ['/limit']],
    ['budgets of no scope', '/budgets/moon', put({ limit: {} }), 400, 'invalid-path', []],
    ['budgets of an agent that is not named', '/budgets/agent', put({ limit: {} }), 422, 'budget-name-missing', []],
    ['budgets of a named day', '/budgets/day/monday', put({ limit: {} }), 422, 'budget-name-unwanted', []],
    ['usage by nothing', '/usage', {}, 400, 'invalid-request', ['/by']],
    ['usage by colour', '/usage?by=colour', {}, 400, 'invalid-request', ['/by']],
    ['claims of nothing', '/claims', claim({ paths: [] }), 400, 'invalid-request', ['/paths']],
    [
      'claims of too much',
      '/claims',
      claim({ paths: Array(33).fill({ path: 'repo:a', mode: 'shared' }) }),
      400,
      'invalid-request',
      ['/paths'],
    ],
    ['claims in no mode', '/claims', claim({ paths: [{ path: 'repo:a', mode: 'maybe' }] }), 400, 'invalid-request', ['/paths/0/mode']],
    ['claims by nobody', '/claims', claim({ agentId: undefined }), 400, 'invalid-request', ['/agentId']],
    ['claims by what is no agent', '/claims', claim({ agentId: ['dev-1'] }), 400, 'invalid-request', ['/agentId']],
    ['claims for an instant', '/claims', claim({ leaseMs: 1 }), 400, 'invalid-request', ['/leaseMs']],
    ['claims under an id that cannot be', '/claims', claim({ claimId: 'a b' }), 400, 'invalid-request', ['/claimId']],
    ['approvals: no option', '/approvals/ap-1/answer', post({}), 400, 'invalid-request', ['/option']],
    ['approvals: one that is not there', '/approvals/nope', {}, 404, 'unknown-approval', []],
    [
      'approvals: no question',
      '/tasks/t/attempts/1/approvals',
      post({ agentId: 'dev-1', assignment: 'a', options: [] }),
      400,
      'invalid-request',
      ['/question', '/options'],
    ],
    ['priority of nothing', '/tasks/t/priority', post({}), 400, 'invalid-request', ['/priority']],
    ['priority beyond the last', '/tasks/t/priority', post({ priority: 10 }), 400, 'invalid-request', ['/priority']],
    ['redriving nothing', '/tasks/redrive', post({ taskIds: [] }), 400, 'invalid-request', ['/taskIds']],
    ['explaining what is not there', '/tasks/none/explain', {}, 404, 'unknown-task', []],
    ['context under a key that cannot be', '/context/No%20Key', {}, 400, 'invalid-path', []],
    ['context that is not there', '/context/goals', {}, 404, 'unknown-context', []],
    ['context history that is not there', '/context/goals/history', {}, 404, 'unknown-context', []],
    ['context in a version that is not there', '/context/goals?version=7', {}, 404, 'unknown-context-version', []],
    ['context on no version', '/context/goals', put({ text: 'x' }), 428, 'version-required', ['/version']],
    ['context on a tag that is none', '/context/goals', put({ text: 'x' }, { 'if-match': '*' }), 400, 'invalid-header', []],
    ['context on two versions', '/context/goals', put({ version: 1, text: 'x' }, { 'if-match': '"2"' }), 400, 'invalid-header', []],
    ['context too large', '/context/goals', put({ version: 0, text: 'x'.repeat(61_441) }), 400, 'invalid-request', ['/text']],
    ['conflicts with oneself', '/conflicts', post({ kind: 'results', about: 't', parties: [] }), 400, 'invalid-request', ['/parties']],
    ['conflicts that are not there', '/conflicts/none', {}, 404, 'unknown-conflict', []],
    ['settling without a word', '/conflicts/none/resolve', post({ resolution: '' }), 400, 'invalid-request', ['/resolution']],
    ['agents by a label that cannot be', '/agents?labels[A%20b]=x', {}, 400, 'invalid-request', ['/labels/A b']],
    ['agents by a map of nothing', '/agents?role[a]=x', {}, 400, 'invalid-request', ['/role[a]']],
    ['agents at level ten', '/agents?skills=ts:10', {}, 400, 'invalid-request', ['/skills/0']],
    ['schedules that are not there', '/schedules/none', {}, 404, 'unknown-schedule', []],
  ])('%s', async (_what, path, init, status, code, pointers) => {
    const answer = await refusedBy(gateway, server, BASE + path, init);
    expect({ status: answer.response.status, code: answer.problem.code, pointers: answer.pointers.toSorted() }).toEqual({
      status,
      code,
      pointers: pointers.toSorted(),
    });
  });
});

describe('a schedule', () => {
  const task = { key: 'lint', role: 'qa', run: 'true' };

  it.each<[what: string, body: object, status: number, pointers: string[]]>([
    ['without a task', { cron: '@daily' }, 400, ['/task']],
    ['whose task waits for others', { cron: '@daily', task: { ...task, dependsOn: ['run-1.a'] } }, 400, ['/task/dependsOn']],
    ['whose task waits for a moment', { cron: '@daily', task: { ...task, notBefore: '15m' } }, 400, ['/task/notBefore']],
    [
      'whose task contradicts itself',
      { cron: '@daily', task: { ...task, prompt: 'x', timeout: '2h', deadline: '1h' } },
      400,
      ['/task', '/task/timeout'],
    ],
    ['at no time', { cron: 'whenever', task }, 422, []],
  ])('%s is refused', async (_what, body, status, pointers) => {
    const response = await gateway.fetch(`${BASE}/schedules/s`, put(body));
    const problem = (await response.json()) as { errors?: { pointer: string }[]; detail: string };
    expect([response.status, (problem.errors ?? []).map(({ pointer }) => pointer)]).toEqual([status, pointers]);
    if (status === 422) expect(problem.detail).toContain('"cron" is "whenever"');
  });
});

describe('a plan that contradicts itself', () => {
  const task = { key: 'a', role: 'qa', run: 'true' };

  it('is refused whole, with every problem by its place', async () => {
    const { problem, pointers } = await refusedBy(gateway, server, `${BASE}/runs`, {
      method: 'POST',
      body: {
        tasks: [
          { ...task, timeout: '2h', deadline: '1h', after: [{ task: 'b', on: 'failure' }] },
          { ...task, key: 'b', dependsOn: ['a'], metered: true },
          { ...task, key: 'c', budget: { tokens: 10 }, estimate: { tokens: 11 }, affinity: { notAgentOf: ['nobody'] } },
        ],
      },
    });
    expect([problem.status, pointers]).toEqual([
      400,
      ['/tasks/0/timeout', '/tasks/1/estimate', '/tasks/2/estimate/tokens', '/tasks/2/affinity/notAgentOf/0', '/tasks/0/after'],
    ]);
    expect(problem.detail).toContain('a → b → a');
  });

  it.each([
    ['10,000 dependencies', { dependsOn: Array.from({ length: 10_000 }, (_, i) => `run-1.t${i}`) }, '/tasks/0/dependsOn'],
    ['a negative budget', { budget: { costUsd: -1 } }, '/tasks/0/budget/costUsd'],
    ['a level that cannot be', { skills: ['ts:0'] }, '/tasks/0/skills/0'],
    ['a time in words', { notBefore: 'tomorrow' }, '/tasks/0/notBefore'],
  ])('has %s', async (_what, more, pointer) => {
    const { response, pointers } = await refusedBy(gateway, server, `${BASE}/runs`, {
      method: 'POST',
      body: { tasks: [{ ...task, ...more }] },
    });
    expect([response.status, pointers]).toEqual([400, [pointer]]);
  });
});
