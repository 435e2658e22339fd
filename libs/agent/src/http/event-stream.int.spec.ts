import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventStream, type EventStreamOptions, type StreamEvent } from './event-stream';
import { GatewayProblem, GatewayUnreachable, problemOf } from './gateway.errors';

type Connection = { response: ServerResponse; lastEventId?: string };

describe('a stream of events', () => {
  const stop = new AbortController();
  let server: Server;
  let connections: Connection[];
  let onConnection: (connection: Connection, index: number) => void;

  beforeEach(async () => {
    connections = [];
    server = createServer((request, response) => {
      const connection = { response, lastEventId: request.headers['last-event-id'] as string | undefined };
      connections.push(connection);
      onConnection(connection, connections.length - 1);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const streamed = (options: Partial<EventStreamOptions> = {}) =>
    eventStream({
      reconnectMs: 5,
      reconnectMsMax: 20,
      signal: stop.signal,
      ...options,
      open: async ({ lastEventId, signal }) => {
        const response = await fetch(url(), { signal, headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId } });
        if (!response.ok) throw await problemOf(response);
        return response;
      },
    });

  async function take(stream: AsyncGenerator<StreamEvent>, count: number): Promise<StreamEvent[]> {
    const taken: StreamEvent[] = [];
    for await (const event of stream) {
      taken.push(event);
      if (taken.length === count) break;
    }
    return taken;
  }

  it('reads events whatever the pieces they come in, and skips pings', async () => {
    onConnection = ({ response }) => {
      response.write(': ping\n\nid: 1\nevent: work\nda');
      setImmediate(() => response.write('ta: {"ü":1}\n\ndata: two\n\n'));
    };
    expect(await take(streamed(), 2)).toEqual([
      { id: '1', type: 'work', data: '{"ü":1}' },
      { id: undefined, type: 'message', data: 'two' },
    ]);
  });

  it('goes on with Last-Event-ID after a cut', async () => {
    onConnection = ({ response }, index) => {
      response.write(`id: e${index}\ndata: ${index}\n\n`);
      if (index < 2) setImmediate(() => response.destroy());
    };
    const told: unknown[] = [];
    expect((await take(streamed({ onDisconnected: (error) => told.push(error) }), 3)).map(({ id }) => id)).toEqual(['e0', 'e1', 'e2']);
    expect(connections.map(({ lastEventId }) => lastEventId)).toEqual([undefined, 'e0', 'e1']);
    expect(told).toHaveLength(2);
  });

  it('opens a new connection when nothing is heard for too long, and keeps one that only pings', async () => {
    const startedAtMs = Date.now();
    onConnection = ({ response }, index) => {
      if (index === 0) return void response.write(': only once\n\n');
      let pings = 0;
      const timer = setInterval(() => {
        response.write(': ping\n\n');
        if ((pings += 1) < 10) return;
        clearInterval(timer);
        response.write('data: late\n\n');
      }, 50);
    };
    await take(streamed({ silenceMs: 200 }), 1);
    expect(connections).toHaveLength(2);
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(600);
  });

  it('ends an event that is too long', async () => {
    onConnection = ({ response }, index) => void response.write(index === 0 ? `data: ${'x'.repeat(5000)}` : 'data: short\n\n');
    expect(await take(streamed({ eventCharsMax: 1000 }), 1)).toMatchObject([{ data: 'short' }]);
  });

  it('ends when the gateway refuses for good', async () => {
    onConnection = ({ response }) => response.writeHead(404).end('{"code":"unknown-project","detail":"No."}');
    await expect(take(streamed(), 1)).rejects.toBeInstanceOf(GatewayProblem);
    expect(connections).toHaveLength(1);
  });

  it('gives up when told to, once nobody has answered for long enough', async () => {
    onConnection = ({ response }) => response.destroy();
    await expect(take(streamed({ giveUpMs: 100 }), 1)).rejects.toBeInstanceOf(GatewayUnreachable);
  });

  it('ends quietly when its caller stops', async () => {
    const caller = new AbortController();
    onConnection = ({ response }) => void response.write(': hello\n\n');
    await expect(take(streamed({ signal: caller.signal, onConnected: () => caller.abort() }), 1)).resolves.toEqual([]);
  });
});
