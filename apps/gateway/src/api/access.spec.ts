import { InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { type FixtureRequest, GatewayFixture } from '../spec/gateway.fixture';

interface AccessEvent {
  readonly type: string;
  readonly project: string;
  readonly actor: string;
  readonly subject: string;
  readonly data: { readonly route?: string; readonly code?: string; readonly count?: number; readonly access?: string };
}

let server: InMemoryLogServer;
let gateway: GatewayFixture;

beforeAll(async () => {
  server = new InMemoryLogServer();
  await server.partitions(2);
  gateway = await GatewayFixture.start({ connect: () => server.connect(), limits: { accessGatherMs: 10, refusalWindowMs: 50 } });
});
afterAll(() => gateway.stop());

async function accessEvents(): Promise<AccessEvent[]> {
  const entries = await Promise.all([0, 1].map((partition) => server.log.read(partition, 0, 10_000)));
  return entries
    .flat()
    .flatMap(({ body }) => (JSON.parse(body) as { events: AccessEvent[] }).events.filter(({ type }) => type.startsWith('access.')));
}

async function eventually(fits: (event: AccessEvent) => boolean, what: string): Promise<AccessEvent> {
  let found: AccessEvent | undefined;
  await waitUntil(async () => (found = (await accessEvents()).find(fits)) !== undefined, { what });
  return found as AccessEvent;
}

const BASE = '/v1/projects/default';

describe('a request that is refused', () => {
  it.each<[what: string, token: () => Promise<string | null> | string | null, path: string, init: FixtureRequest, expected: object]>([
    [
      'without a token',
      () => null,
      `${BASE}/runs`,
      {},
      { project: 'default', actor: 'service:gateway', subject: 'access/nobody', code: 'unauthorized', route: '/v1/projects/:project/runs' },
    ],
    [
      'with a token of somebody else’s making',
      () => 'a.b.c',
      `${BASE}/tasks?limit=1`,
      {},
      { project: 'default', actor: 'service:gateway', code: 'unauthorized', route: '/v1/projects/:project/tasks' },
    ],
    [
      'without a grant for the project',
      () => gateway.token('user:eve', ['other']),
      `${BASE}/agents`,
      {},
      { project: 'default', actor: 'user:eve', subject: 'access/user:eve', code: 'forbidden', route: '/v1/projects/:project/agents' },
    ],
    [
      'of an agent that acts for another',
      () => gateway.token('agent:dev-1', ['default']),
      `${BASE}/inboxes/dev-2`,
      {},
      { project: 'default', actor: 'agent:dev-1', code: 'forbidden', route: '/v1/projects/:project/inboxes/:recipient' },
    ],
    [
      'of an agent, for what is for people',
      () => gateway.token('agent:dev-1', ['*']),
      '/v1/audit/verify',
      { method: 'POST', body: {} },
      { project: 'torch', actor: 'agent:dev-1', code: 'forbidden', route: '/v1/audit/verify' },
    ],
    [
      'for a project that is not there',
      () => gateway.token('user:eve', ['other']),
      '/v1/projects/nowhere/pools',
      {},
      { project: 'torch', actor: 'user:eve', code: 'forbidden', route: '/v1/projects/:project/pools' },
    ],
  ])('%s is an event', async (_what, token, path, init, { code, route, ...envelope }: { code?: string; route?: string }) => {
    const { status } = await gateway.fetch(path, { ...init, token: await token() });
    expect([401, 403]).toContain(status);
    const event = await eventually(
      ({ type, data }) => type === 'access.refused' && data.route === route && data.code === code,
      'the event',
    );
    expect(event).toMatchObject({ ...envelope, data: { count: 1, network: '127.0.0.0/24' } });
  });

  it('leaves no trace of the token that it brought', async () => {
    await gateway.fetch(`${BASE}/messages`, { method: 'POST', body: {}, token: 'canary.canary.canary' });
    await eventually(({ data }) => data.route === '/v1/projects/:project/messages', 'the event');
    expect(JSON.stringify(await accessEvents())).not.toContain('canary');
  });
});

describe('a request that is let in', () => {
  it('is an event once for each caller and kind, and not at all where nothing is read', async () => {
    const token = await gateway.token('user:ada', ['default']);
    for (let request = 0; request < 5; request++) {
      await gateway.fetch(`${BASE}/tasks`, { token });
      await gateway.fetch(`${BASE}/messages`, { method: 'POST', body: { to: 'operator', text: 'Hello.' }, token });
      await gateway.fetch('/v1/status', { token });
    }
    await eventually(({ actor, data }) => actor === 'user:ada' && data.access === 'write', 'the second event');
    const ofAda = (await accessEvents()).filter(({ actor }) => actor === 'user:ada');
    expect(ofAda.map(({ type, project, data }) => `${type} ${project} ${data.access ?? ''}`).sort()).toEqual([
      'access.granted default read',
      'access.granted default write',
    ]);
  });
});
