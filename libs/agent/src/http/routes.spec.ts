import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayTransport } from './gateway.transport';
import { ProjectClient } from './project.client';

const published = JSON.parse(readFileSync(join(__dirname, '../../../../docs/contracts/openapi.json'), 'utf8')) as {
  paths: Record<string, Record<string, unknown>>;
};

/** What each request that the client makes is: its method, its path, and what goes with it. */
function recorded() {
  const requests: { method: string; path: string; query?: object; body?: unknown }[] = [];
  const transport = new GatewayTransport({ url: 'http://gateway' });
  transport.json = async (request) => {
    requests.push(request);
    return undefined as never;
  };
  return { requests, project: new ProjectClient(transport, 'p') };
}

const routeOf = ({ method, path }: { method: string; path: string }): string | undefined =>
  Object.keys(published.paths).find((route) => {
    const pattern = new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return pattern.test(path) && published.paths[route]?.[method.toLowerCase()] !== undefined;
  });

const claims = [{ path: 'repo:a', mode: 'shared' as const }];
const attempt = { taskId: 't', attempt: 1, assignment: 'as-1' };

const CALLS: Readonly<Record<string, [call: (p: ProjectClient) => Promise<unknown>, route: string, body?: object]>> = {
  'limits.list': [(p) => p.limits.list(), 'GET /limits'],
  'limits.get': [(p) => p.limits.get('key', 'user:ada/x'), 'GET /limits/key/user%3Aada%2Fx'],
  'limits.set': [(p) => p.limits.set('project', '*', { concurrency: 3 }), 'PUT /limits/project/*', { concurrency: 3 }],
  'limits.remove': [(p) => p.limits.remove('role', 'qa'), 'DELETE /limits/role/qa', {}],
  'limits.stopAll': [(p) => p.limits.stopAll('Enough.'), 'POST /stop', { reason: 'Enough.' }],
  'limits.resume': [(p) => p.limits.resume(), 'POST /resume', {}],
  'claims.list': [(p) => p.claims.list({ agentId: 'a' }), 'GET /claims'],
  'claims.claim': [(p) => p.claims.claim({ paths: claims }), 'POST /claims', { paths: claims }],
  'claims.release': [(p) => p.claims.release('c', 'a'), 'POST /claims/c/release', { agentId: 'a' }],
  'approvals.list': [(p) => p.approvals.list({ open: false }), 'GET /approvals'],
  'approvals.get': [(p) => p.approvals.get('ap'), 'GET /approvals/ap'],
  'approvals.answer': [(p) => p.approvals.answer('ap', { option: 'deny' }), 'POST /approvals/ap/answer', { option: 'deny' }],
  askApproval: [
    (p) => p.attempt(attempt).askApproval({ agentId: 'a', question: 'May I?' }),
    'POST /tasks/t/attempts/1/approvals',
    { assignment: 'as-1', agentId: 'a', question: 'May I?' },
  ],
  'budgets.list': [(p) => p.budgets.list(), 'GET /budgets'],
  'budgets.set': [(p) => p.budgets.set({ scope: 'day', limit: { tokens: 1 } }), 'PUT /budgets/day', { limit: { tokens: 1 } }],
  'budgets.set of an agent': [(p) => p.budgets.set({ scope: 'agent', name: '*', limit: {} }), 'PUT /budgets/agent/*', { limit: {} }],
  'budgets.usage': [(p) => p.budgets.usage('role'), 'GET /usage'],
  'schedules.list': [(p) => p.schedules.list(), 'GET /schedules'],
  'schedules.get': [(p) => p.schedules.get('s'), 'GET /schedules/s'],
  'schedules.set': [
    (p) => p.schedules.set('s', { cron: '@daily', task: { key: 'a', role: 'qa', run: 'true' } }),
    'PUT /schedules/s',
    { cron: '@daily', task: { key: 'a', role: 'qa', run: 'true' } },
  ],
  'schedules.remove': [(p) => p.schedules.remove('s'), 'DELETE /schedules/s', {}],
  'context.list': [(p) => p.context.list({ removed: true }), 'GET /context'],
  'context.get': [(p) => p.context.get('goals', { version: 2 }), 'GET /context/goals'],
  'context.history': [(p) => p.context.history('goals'), 'GET /context/goals/history'],
  'context.set': [(p) => p.context.set('goals', { version: 0, text: 'x' }), 'PUT /context/goals', { version: 0, text: 'x' }],
  'context.remove': [(p) => p.context.remove('goals', 2), 'DELETE /context/goals', { version: 2 }],
  'conflicts.list': [(p) => p.conflicts.list({ status: 'open' }), 'GET /conflicts'],
  'conflicts.get': [(p) => p.conflicts.get('cf'), 'GET /conflicts/cf'],
  'conflicts.open': [
    (p) => p.conflicts.open({ kind: 'results', about: 't', parties: [] }),
    'POST /conflicts',
    { kind: 'results', about: 't', parties: [] },
  ],
  'conflicts.resolve': [(p) => p.conflicts.resolve('cf', { resolution: 'Yes.' }), 'POST /conflicts/cf/resolve', { resolution: 'Yes.' }],
  setPriority: [(p) => p.setPriority('t', 0), 'POST /tasks/t/priority', { priority: 0 }],
  redriveTasks: [(p) => p.redriveTasks({ role: 'qa' }), 'POST /tasks/redrive', { role: 'qa' }],
  explainTask: [(p) => p.explainTask('t'), 'GET /tasks/t/explain'],
  cancelTask: [
    (p) => p.cancelTask('t', 'No.', { subtree: true, idempotencyKey: 'k' }),
    'POST /tasks/t/cancel',
    { reason: 'No.', subtree: true },
  ],
  updateAgent: [(p) => p.updateAgent('a', { capacity: 2 }), 'PATCH /agents/a', { capacity: 2 }],
  drainAgent: [(p) => p.drainAgent('a', 'Enough.'), 'POST /agents/a/drain', { reason: 'Enough.' }],
  pauseAgent: [(p) => p.pauseAgent('a', { instance: 'i' }), 'POST /agents/a/pause', { instance: 'i' }],
  listAgents: [(p) => p.listAgents({ labels: { arch: 'arm64' }, free: 1 }), 'GET /agents'],
  getAgent: [(p) => p.getAgent('a'), 'GET /agents/a'],
};

describe('the client', () => {
  it.each(Object.entries(CALLS))('asks a route that the gateway has: %s', async (_name, [call, route, body]) => {
    const { requests, project } = recorded();
    await call(project);
    const [request] = requests;
    expect(`${request?.method} ${request?.path.replace('/v1/projects/p', '')}`).toBe(route);
    expect(request && routeOf(request)).toBeDefined();
    expect(request?.body).toEqual(body);
  });
});
