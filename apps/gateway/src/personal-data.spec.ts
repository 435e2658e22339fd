import { hostQueries } from '@torch/contracts';
import { messagingDecider } from '@torch/domain-messaging';
import { createTorchClient, replayProject } from '@torch/host';
import { InMemoryLogServer, partitionOf } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { standInAudit } from './spec/audit.fixture';
import { GatewayFixture } from './spec/gateway.fixture';
import { SseReader } from './spec/sse.fixture';
import type { ServiceDefinition } from '@torch/host';

const BASE = '/v1/projects/default';
const server = new InMemoryLogServer();
let gateway: GatewayFixture;

beforeAll(async () => {
  await server.partitions(2);
  gateway = await GatewayFixture.start({
    connect: () => server.connect(),
    services: [standInAudit as unknown as ServiceDefinition<never>],
  });
  for (const agentId of ['dev-1', 'dev-2']) {
    const body = { role: 'developer', skills: [], harness: 'exec', instance: 'i' };
    expect((await gateway.fetch(`${BASE}/agents/${agentId}`, { method: 'PUT', body })).status).toBe(200);
  }
});
afterAll(async () => {
  await gateway.stop();
  await server.close();
});

const json = async <T>(path: string, init?: Parameters<GatewayFixture['fetch']>[1]): Promise<T> =>
  (await (await gateway.fetch(path, init)).json()) as T;

async function send(actor: string, text: string, to = 'dev-2'): Promise<string> {
  const token = await gateway.token(actor);
  const response = await gateway.fetch(`${BASE}/messages`, { method: 'POST', token, body: { to, text } });
  expect(response.status).toBe(202);
  return ((await response.json()) as { position: string }).position;
}

const inbox = async (recipient = 'dev-2'): Promise<string[]> =>
  (await json<{ messages: { text: string }[] }>(`${BASE}/inboxes/${recipient}`)).messages.map(({ text }) => text);

async function everythingKept(): Promise<string> {
  const kept: string[] = [];
  for (const partition of [0, 1]) {
    kept.push(...(await server.log.read(partition, 0, 10_000)).map(({ body }) => body));
    for (const service of ['gateway', 'audit']) {
      kept.push(...(await server.commands.read(partition, service, '0-0', 1000)).map(({ body }) => body));
      kept.push((await server.caches.get(partition, `snapshot:${service}`)) ?? '');
    }
  }
  return kept.join('\n');
}

async function erase(subject: string): Promise<void> {
  const response = await gateway.fetch('/v1/audit/erasures', { method: 'POST', body: { subject, reason: 'Asked for.' } });
  expect(response.status).toBe(202);
  await waitUntil(
    async () =>
      (await json<{ erasures: { subject: string; erasedAtMs?: number }[] }>('/v1/audit/retention')).erasures.some(
        (erasure) => erasure.subject === subject && erasure.erasedAtMs !== undefined,
      ),
    { what: `${subject} to be erased` },
  );
}

/** As `torch log replay` compares them. */
async function expectSameDigest(): Promise<string> {
  const client = await createTorchClient(server.connect());
  const { digest, ...through } = await client.query(hostQueries.getDigest('gateway'), 'default', {} as never);
  const partition = partitionOf('default', 2);
  const request = { log: server.log, decider: messagingDecider as never, service: 'gateway', partition, project: 'default', through };
  expect((await replayProject(request)).digest).toBe(digest);
  await client.close();
  return digest;
}

/** Once nothing moves any more: messages are still being dispatched when they have been sent. */
async function digestAtRest(): Promise<string> {
  let last = '';
  const isSame = async (): Promise<string | undefined> => {
    const before = last;
    last = await expectSameDigest();
    return last === before ? last : undefined;
  };
  return waitUntil(isSame, { what: 'the state to come to rest', everyMs: 300 });
}

describe('the text of a message', () => {
  it('is read by those that it is for, and is nowhere in what is kept', async () => {
    const reader = await SseReader.open(gateway, `${BASE}/agents/dev-1/stream?instance=i`, {
      token: await gateway.token('agent:dev-1', ['default']),
    });
    const events = await SseReader.open(gateway, `${BASE}/events?types=message.sent`, {});
    const position = await send('user:ada', 'Meet me at the old mill.', 'dev-1');
    await waitUntil(() => reader.data('message').length > 0 && events.data('message.sent').length > 0, { what: 'the message' });
    expect(reader.data('message')).toMatchObject([{ from: 'user:ada', text: 'Meet me at the old mill.' }]);
    expect(events.data('message.sent')).toMatchObject([{ data: { text: 'Meet me at the old mill.' } }]);
    expect(await inbox('dev-1')).toEqual(['Meet me at the old mill.']);
    expect(await json(`${BASE}/log/${position}`)).toMatchObject({ events: [{ data: { text: 'Meet me at the old mill.' } }] });
    const kept = await everythingKept();
    expect(kept).not.toContain('old mill');
    expect(kept).toMatch(/"text":"sealed:1:[0-9a-f]{48}:/);
    reader.close();
    events.close();
  });

  it('is redacted before it is sealed', async () => {
    await send('user:bob', `the token is ghp_${'x9'.repeat(18)}`);
    expect(await inbox()).toContain('the token is [redacted:github-token]');
  });
});

describe('a data subject that is erased', () => {
  it('has nothing left to read, while others have, and every digest holds', async () => {
    const mine = await send('user:eve', 'Eve was here.');
    await send('user:mallory', 'Mallory was here.');
    const before = await digestAtRest();
    await erase('user:eve');
    const texts = await inbox();
    expect(texts).toContain('[erased]');
    expect(texts).toContain('Mallory was here.');
    expect(texts.join()).not.toContain('Eve');
    expect(await json(`${BASE}/log/${mine}`)).toMatchObject({ events: [{ data: { text: '[erased]', from: 'user:eve' } }] });
    expect(await expectSameDigest()).toBe(before);
  });

  it('may write again, under another key, which a late repetition of the erasure leaves alone', async () => {
    await send('user:eve', 'Eve is back.');
    expect(await inbox()).toContain('Eve is back.');
    const requested = (await server.log.read(partitionOf('torch', 2), 0, 1000)).filter(({ body }) =>
      body.includes('subject.erasure-requested'),
    );
    expect(requested).toHaveLength(1);
  });

  it('is a person for whom a token of all projects must ask, and not under hold', async () => {
    const ask = async (subject: string, token?: string) =>
      (await gateway.fetch('/v1/audit/erasures', { method: 'POST', body: { subject }, ...(token && { token }) })).status;
    expect(await ask('user:held')).toBe(409);
    expect(await ask('user:ada', await gateway.token('agent:dev-1'))).toBe(403);
    expect(await ask('user:ada', await gateway.token('user:ada', ['default']))).toBe(403);
    expect(await inbox('dev-1')).toContain('Meet me at the old mill.');
  });
});
