import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut, or can lose what comes back. */
export interface TcpProxy {
  readonly port: number;
  /** Requests still reach the server; its answers are thrown away until `cut`. */
  loseAnswers(): void;
  /** Ends every connection; new ones are served as if nothing had been. */
  cut(): void;
  /** Ends every connection; new ones lead to the server on this port. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
}

/** @param targetPort of the server, on loopback. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  let target = targetPort;
  const pairs = new Set<Pair>();
  let losing = false;
  const server = createServer((client) => {
    const upstream = connect({ port: target, host: '127.0.0.1' });
    const pair = { client, upstream };
    pairs.add(pair);
    client.pipe(upstream);
    upstream.on('data', (answer) => void (losing || client.write(answer)));
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined); // Its close follows.
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const cut = (): void => {
    losing = false;
    for (const { client, upstream } of pairs) {
      client.destroy();
      upstream.destroy();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    loseAnswers: () => void (losing = true),
    cut,
    leadTo: (next) => {
      target = next;
      cut();
    },
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
