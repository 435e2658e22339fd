import { connect } from 'node:net';
import { InMemoryLogServer } from '@torch/log';
import { waitUntil } from '@torch/testing';
import { OpenStreams } from './adapters/open-streams.adapter';
import type { GatewayConfig } from './gateway.config';
import { GatewayFixture } from './spec/gateway.fixture';
import { SseReader } from './spec/sse.fixture';

let server: InMemoryLogServer;
let gateway: GatewayFixture;

async function start(limits: Partial<GatewayConfig>): Promise<void> {
  server = new InMemoryLogServer();
  await server.partitions(1);
  gateway = await GatewayFixture.start({ connect: () => server.connect(), limits });
}
afterEach(async () => {
  await gateway.stop();
  await server.close();
});

const send = (text: string) => gateway.fetch('/v1/projects/default/messages', { method: 'POST', body: { to: 'operator', text } });

describe('a caller beyond its rate', () => {
  it('hears 429 and when to come back, and nobody else does', async () => {
    await start({ writesPerSecondMax: 5 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => send('Hello.')));
    const limited = answers.find(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(5);
    expect([limited?.headers.get('retry-after'), limited?.headers.get('content-type')]).toEqual([
      '1',
      expect.stringContaining('problem+json'),
    ]);
    expect(await limited?.json()).toMatchObject({ code: 'too-many-requests', status: 429 });
    expect((await gateway.fetch('/v1/projects/default/tasks')).status).toBe(200);
    const token = await gateway.token('user:ada');
    expect(
      (await gateway.fetch('/v1/projects/default/messages', { method: 'POST', body: { to: 'operator', text: 'Hi.' }, token })).status,
    ).toBe(202);
  });
});

describe('streams', () => {
  it('are refused beyond their number, and their places are given back', async () => {
    await start({ streamsMax: 1 });
    const first = await SseReader.open(gateway, '/v1/projects/default/events');
    const second = await SseReader.open(gateway, '/v1/projects/default/events');
    expect([second.response.status, second.response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await second.response.json()).toMatchObject({ code: 'too-many-streams' });
    first.close();
    await waitUntil(() => gateway.app.get(OpenStreams).size === 0, { what: 'the place of the closed stream' });
    const third = await SseReader.open(gateway, '/v1/projects/default/events');
    expect(third.response.status).toBe(200);
    third.close();
  });

  it('have no head', async () => {
    await start({});
    expect((await gateway.fetch('/v1/projects/default/events', { method: 'HEAD' })).status).toBe(405);
    expect(gateway.app.get(OpenStreams).size).toBe(0);
  });

  it('end in order when the gateway stops', async () => {
    await start({});
    const reader = await SseReader.open(gateway, '/v1/projects/default/events');
    await gateway.app.close();
    await waitUntil(() => reader.ended, { what: 'the stream to end' });
  });

  /** A client that asks for a stream and never reads what comes. */
  async function deafClient(path: string): Promise<{ cut: () => boolean }> {
    const { port, hostname } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    let cut = false;
    socket.on('close', () => (cut = true)).on('error', () => (cut = true));
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${gateway.operator}\r\n\r\n`);
    socket.pause();
    await waitUntil(() => gateway.app.get(OpenStreams).size === 1, { what: 'the stream to be open' });
    return { cut: () => cut || gateway.app.get(OpenStreams).size === 0 };
  }

  it('of agents that do not read are cut off', async () => {
    await start({ streamBufferBytesMax: 64 * 1024 });
    await gateway.fetch('/v1/projects/default/agents/dev-1', {
      method: 'PUT',
      body: { role: 'qa', skills: [], harness: 'exec', instance: 'i' },
    });
    const client = await deafClient('/v1/projects/default/agents/dev-1/stream?instance=i');
    const text = 'x'.repeat(16_000);
    for (let sent = 0; sent < 900 && !client.cut(); sent += 20) {
      await Promise.all(
        Array.from({ length: 20 }, () => gateway.fetch('/v1/projects/default/messages', { method: 'POST', body: { to: 'dev-1', text } })),
      );
    }
    expect(client.cut()).toBe(true);
  }, 60_000);

  it('of events wait for a slow client, and give up on a deaf one', async () => {
    await start({ streamPauseBytes: 16 * 1024, streamStallMs: 300 });
    const text = 'x'.repeat(16_000);
    for (let sent = 0; sent < 600; sent += 50) await Promise.all(Array.from({ length: 50 }, () => send(text)));
    const slow = await SseReader.open(gateway, '/v1/projects/default/events?after=0&types=message.sent');
    await waitUntil(() => slow.events.length === 600, { what: 'everything, in its own time' });
    slow.close();
    await waitUntil(() => gateway.app.get(OpenStreams).size === 0, { what: 'the stream to be gone' });
    const client = await deafClient('/v1/projects/default/events?after=0');
    await waitUntil(() => client.cut(), { what: 'the deaf client to be cut off' });
  }, 60_000);
});
