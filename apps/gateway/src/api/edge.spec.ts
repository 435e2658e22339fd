import { InMemoryLogServer } from '@torch/log';
import { mintToken } from '@torch/platform';
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

const plan = { tasks: [{ key: 'lint', role: 'qa', run: 'true' }] };
const runs = '/v1/projects/default/runs';

const refused = (path: string, init: FixtureRequest) => refusedBy(gateway, server, path, init);

const post = (body: unknown, headers: Record<string, string> = {}) => ({ method: 'POST', body, headers });
const json = { 'content-type': 'application/json' };

describe('bad input', () => {
  const big = 'x'.repeat(1024 * 1024);
  const deep = `{"a":${'['.repeat(500)}${']'.repeat(500)}}`;

  it.each<[what: string, path: string, init: FixtureRequest, status: number, code: string, pointers: string[]]>([
    ['broken JSON', runs, post('{"tasks": [', json), 400, 'bad-request', []],
    ['a poisoned prototype', runs, post('{"__proto__": {"a": 1}}', json), 400, 'bad-request', []],
    ['a list for a body', runs, post([]), 400, 'invalid-request', ['']],
    ['no body', runs, { method: 'POST' }, 400, 'invalid-request', ['/tasks']],
    ['an empty body', runs, post('', json), 400, 'invalid-request', ['/tasks']],
    ['an unknown field', runs, post({ ...plan, colour: 'red' }), 400, 'invalid-request', ['/colour']],
    [
      'wrong types',
      runs,
      post({ tasks: [{ key: 1, role: 'qa', run: 'true', priority: 'high' }] }),
      400,
      'invalid-request',
      ['/tasks/0/key', '/tasks/0/priority'],
    ],
    ['an empty plan', runs, post({ tasks: [] }), 400, 'invalid-request', ['/tasks']],
    ['a cycle', runs, post({ tasks: [{ ...plan.tasks[0], dependsOn: ['lint'] }] }), 400, 'invalid-request', ['/tasks/0/dependsOn']],
    [
      'an unknown dependency',
      runs,
      post({ tasks: [{ ...plan.tasks[0], dependsOn: ['build'] }] }),
      400,
      'invalid-request',
      ['/tasks/0/dependsOn/0'],
    ],
    ['a duplicate key', runs, post({ tasks: [plan.tasks[0], plan.tasks[0]] }), 400, 'invalid-request', ['/tasks/1/key']],
    ['a plan for another project', runs, post({ ...plan, project: 'other' }), 400, 'invalid-request', ['/project']],
    ['a timeout out of range', runs, post({ tasks: [{ ...plan.tasks[0], timeout: '8d' }] }), 400, 'invalid-request', ['/tasks/0/timeout']],
    [
      'a task too large for an event',
      runs,
      post({ tasks: [{ ...plan.tasks[0], env: { A: 'x'.repeat(32_000), B: 'x'.repeat(32_000) } }] }),
      413,
      'task-too-large',
      ['/tasks/0'],
    ],
    [
      'a plan too large for a commit',
      runs,
      post({ tasks: Array.from({ length: 1900 }, (_, i) => ({ key: `k${i}`, role: 'qa', run: 'x'.repeat(450) })) }),
      413,
      'plan-too-large',
      [],
    ],
    ['an oversized body', runs, post({ ...plan, name: big }), 413, 'body-too-large', []],
    ['a body nested too deeply', runs, post(deep, json), 400, 'body-too-deep', []],
    [
      'the wrong content type',
      runs,
      post('key=a', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported-media-type',
      [],
    ],
    ['text where JSON belongs', runs, post('tasks: []', { 'content-type': 'text/plain' }), 415, 'unsupported-media-type', []],
    ['no content type', runs, post(Buffer.from('{}')), 415, 'unsupported-media-type', []],
    ['an unknown route', '/v1/nothing', {}, 404, 'not-found', []],
    ['the wrong method', '/v1/status', { method: 'DELETE' }, 404, 'not-found', []],
    ['an unknown project', '/v1/projects/nobody/runs', post(plan), 404, 'unknown-project', []],
    ['a project that cannot be', '/v1/projects/No%20Body/runs', post(plan), 404, 'unknown-project', []],
    ['an id that cannot be', '/v1/projects/default/tasks/..%2F..%2Fetc', {}, 400, 'invalid-path', []],
    ['an attempt that cannot be', '/v1/projects/default/tasks/t/attempts/0/start', post({}), 400, 'invalid-path', []],
    ['an unknown task', '/v1/projects/default/tasks/t', {}, 404, 'unknown-task', []],
    ['an unknown run', '/v1/projects/default/runs/r', {}, 404, 'unknown-run', []],
    ['a bad query', '/v1/projects/default/tasks?limit=ten&status=lazy', {}, 400, 'invalid-request', ['/status', '/limit']],
    ['a position that cannot be', '/v1/projects/default/log/42', {}, 400, 'invalid-path', []],
    ['a position that is not there', '/v1/projects/default/log/99999-0', {}, 404, 'unknown-position', []],
    ['a bad Idempotency-Key', runs, post(plan, { 'idempotency-key': 'a b' }), 400, 'invalid-header', []],
    ['a bad Last-Event-ID', '/v1/projects/default/events', { headers: { 'last-event-id': 'x' } }, 400, 'invalid-header', []],
    ['a path that does not decode', '/v1/projects/%E0%A4%A/runs', {}, 400, 'bad-request', []],
  ])('%s', async (_what, path, init, status, code, pointers) => {
    const answer = await refused(path, init);
    expect({ status: answer.response.status, code: answer.problem.code, pointers: answer.pointers }).toEqual({ status, code, pointers });
  });

  it('names the way out of an unknown project', async () => {
    const { problem } = await refused('/v1/projects/nobody/runs', post(plan));
    expect(problem.detail).toBe('There is no project "nobody". Create it with: torch project create <name>');
  });
});

describe('a bad token', () => {
  it.each<[what: string, token: () => Promise<string | null> | string | null]>([
    ['none', () => null],
    ['garbage', () => 'garbage'],
    ['one of another Torch', () => mintToken(new Uint8Array(32), { actor: 'user:eve', projects: ['*'] })],
    ['one that has expired', () => mintToken(gateway.secret, { actor: 'user:ada', projects: ['*'], ttlMs: -60_000 })],
    ['one that names nobody', () => gateway.token('service:scheduler')],
    [
      'one without a signature',
      () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"user:eve","projects":["*"],"iss":"torch"}').toString('base64url')}.`,
    ],
  ])('lets nobody in: %s', async (_what, token) => {
    const { response, problem } = await refused(runs, { ...post(plan), token: await token() });
    expect(problem).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="torch"');
  });

  it('does not matter where none is needed', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json']) expect((await gateway.fetch(path, { token: null })).status).toBe(200);
  });
});

describe('a token without a grant', () => {
  it.each<[what: string, actor: string, projects: string[], path: string, init: FixtureRequest]>([
    ['for another project', 'user:ada', ['other'], runs, post(plan)],
    ['of an agent, for a project that it is not in', 'agent:dev-1', ['other'], '/v1/projects/default/tasks', {}],
    ['of an agent, acting for another', 'agent:dev-1', ['default'], '/v1/projects/default/agents/dev-2/heartbeat', post({ instance: 'i' })],
    [
      'of an agent, reporting for another',
      'agent:dev-1',
      ['default'],
      '/v1/projects/default/tasks/t/attempts/1/start',
      post({ agentId: 'dev-2' }),
    ],
    ['of an agent, reading another inbox', 'agent:dev-1', ['default'], '/v1/projects/default/inboxes/dev-2', {}],
    ['of an agent, listening for another', 'agent:dev-1', ['default'], '/v1/projects/default/agents/dev-2/stream?instance=i', {}],
    ['of an agent, registering another', 'agent:dev-1', ['default'], '/v1/projects/default/agents/dev-2', { method: 'PUT', body: {} }],
    ['of an agent, stopping one', 'agent:dev-1', ['default'], '/v1/projects/default/agents/dev-1/stop', post({})],
    ['of an agent, setting limits', 'agent:dev-1', ['default'], '/v1/projects/default/limits/project/*', { method: 'PUT', body: {} }],
    ['of an agent, taking limits away', 'agent:dev-1', ['default'], '/v1/projects/default/limits/project/*', { method: 'DELETE' }],
    [
      'of an agent, setting budgets',
      'agent:dev-1',
      ['default'],
      '/v1/projects/default/budgets/day',
      { method: 'PUT', body: { limit: {} } },
    ],
    ['of an agent, stopping all work', 'agent:dev-1', ['default'], '/v1/projects/default/stop', post({})],
    ['of an agent, letting work go on', 'agent:dev-1', ['default'], '/v1/projects/default/resume', post({})],
    ['of an agent, draining another', 'agent:dev-1', ['default'], '/v1/projects/default/agents/dev-2/drain', post({})],
    ['of an agent, changing another', 'agent:dev-1', ['default'], '/v1/projects/default/agents/dev-2', { method: 'PATCH', body: {} }],
    ['of an agent, pausing another', 'agent:dev-1', ['default'], '/v1/projects/default/agents/dev-2/pause', post({ instance: 'i' })],
    [
      'of an agent, claiming for another',
      'agent:dev-1',
      ['default'],
      '/v1/projects/default/claims',
      post({ agentId: 'dev-2', paths: [{ path: 'repo:a', mode: 'shared' }] }),
    ],
    ['of an agent, releasing for another', 'agent:dev-1', ['default'], '/v1/projects/default/claims/c/release', post({ agentId: 'dev-2' })],
    [
      'of an agent, asking for another',
      'agent:dev-1',
      ['default'],
      '/v1/projects/default/tasks/t/attempts/1/approvals',
      post({ agentId: 'dev-2', assignment: 'a', question: 'May I?' }),
    ],
    ['of an agent, defining pools', 'agent:dev-1', ['default'], '/v1/projects/default/pools', post({ agents: [{ role: 'qa' }] })],
    ['of an agent, creating a project', 'agent:dev-1', ['*'], '/v1/projects', post({ project: 'new' })],
    ['of an agent, verifying the chain', 'agent:dev-1', ['*'], '/v1/audit/verify', post({})],
  ])('is refused: %s', async (_what, actor, projects, path, init) => {
    const { problem } = await refused(path, { ...init, token: await gateway.token(actor, projects) });
    expect(problem).toMatchObject({ status: 403, code: 'forbidden' });
  });
});

describe('every answer', () => {
  it('carries the correlation id, and headers that keep browsers out of trouble', async () => {
    const { headers } = await gateway.fetch('/v1/status', { headers: { 'torch-correlation-id': 'c-1' } });
    expect(headers.get('torch-correlation-id')).toBe('c-1');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});
