import { type AddressInfo, createServer } from 'node:net';
import { UpFailed } from './up.errors';

/** A TCP port that nobody listens on now. Somebody may take it before it is used; whoever uses it says so then. */
export function freePort(host: string): Promise<number> {
  return listenOnce(host, 0);
}

/** @throws UpFailed naming the port and `--port` when the port cannot be listened on. */
export async function checkPortIsFree(host: string, port: number): Promise<void> {
  try {
    await listenOnce(host, port);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'EADDRINUSE'
        ? 'is taken by another program'
        : code === 'EACCES'
          ? 'may not be used by this user'
          : `cannot be used: ${message}`;
    throw new UpFailed(`Port ${port} on ${host} ${why}. Choose another one with --port, or --port 0 for any free one.`, { cause: error });
  }
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => resolve(taken));
    });
  });
}
