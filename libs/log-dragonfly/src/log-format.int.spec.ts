import { startLogServer, startTcpProxy, type TestLogServer, waitUntil } from '@torch/testing';
import { Redis } from 'ioredis';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { connectLogServer } from './dragonfly-log-server';
import { LogFormatUnknown } from './log-format';

let server: TestLogServer;
let raw: Redis;
beforeAll(async () => {
  server = await startLogServer();
  raw = new Redis(server.url, { protocol: 2 });
});
afterAll(async () => {
  await raw.quit();
  await server.stop();
});

describe('the format of a log', () => {
  it('is fixed together with the partition count when the log is created', async () => {
    const client = await connectLogServer({ url: server.url, prefix: 'new:' });
    expect(await client.identity({ partitions: 4, logId: 'this-log' })).toEqual({ partitions: 4, logId: 'this-log' });
    expect(await raw.get('new:meta')).toBe('{"format":2,"partitions":4,"logId":"this-log"}');
    await client.close();
  });

  it.each([
    '{"format":3,"partitions":8,"logId":"a"}',
    '{"format":2,"partitions":8}',
    '{"partitions":8,"logId":"a"}',
    '{"format":2,"partitions":0,"logId":"a"}',
    'not JSON',
    '8',
  ])('is not guessed when another wrote it: %s', async (meta) => {
    await raw.set('other:meta', meta);
    const client = await connectLogServer({ url: server.url, prefix: 'other:' });
    await expect(client.partitions(8)).rejects.toThrow(LogFormatUnknown);
    await client.close();
  });
});

describe('a rediss:// address', () => {
  it('is spoken to in TLS', async () => {
    const firstBytes: number[] = [];
    const listener = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (hello) => {
        firstBytes.push(hello[0] as number);
        socket.destroy();
      });
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    await expect(connectLogServer({ url: `rediss://127.0.0.1:${port}`, connectMs: 300 })).rejects.toMatchObject({ name: 'LogUnavailable' });
    const TLS_HANDSHAKE = 22;
    expect(new Set(firstBytes)).toEqual(new Set([TLS_HANDSHAKE]));
    listener.close();
  });
});

describe('a connection that is cut', () => {
  it('is there again without the server having noticed anything', async () => {
    const proxy = await startTcpProxy(server.port);
    const client = await connectLogServer({ url: `redis://127.0.0.1:${proxy.port}`, prefix: 'cut:' });
    let returns = 0;
    client.onReconnect(() => returns++);
    await client.caches.set(0, 'a', 'kept');
    proxy.cut();
    await waitUntil(() => returns === 1, { what: 'the client is connected again' });
    expect(await waitUntil(() => client.caches.get(0, 'a'), { what: 'the cache is read' })).toBe('kept');
    await client.close();
    await proxy.close();
  });
});
