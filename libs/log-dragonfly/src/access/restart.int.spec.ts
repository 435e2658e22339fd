import type { LogServer } from '@torch/log';
import { PARTITION, writer } from '@torch/log/contract';
import { startLogServer, waitUntil } from '@torch/testing';
import { connectLogServer } from '../dragonfly-log-server';
import { aclFile } from './acl-rules';
import { LOG_USERS, type LogPasswords, type LogUser } from './log-users';

const passwords = Object.fromEntries(LOG_USERS.map((user) => [user, `secret-of-${user}`])) as LogPasswords;

describe('a log server with users that is started again', () => {
  it('has all that was appended, sent, leased and kept', async () => {
    const server = await startLogServer({ kind: 'redis', appendfsync: 'always', acl: aclFile({ kind: 'redis', passwords }) });
    const clients: LogServer[] = [];
    const connectAs = async (user: LogUser): Promise<LogServer> => {
      const client = await connectLogServer({ url: `redis://${user}:${passwords[user]}@127.0.0.1:${server.port}` });
      clients.push(client);
      return client;
    };
    try {
      const owner = await writer(await connectAs('torch-scheduler'));
      await owner.append('one', 'two');
      await owner.append('three');
      await owner.server.caches.set(PARTITION, 'snapshot:scheduler', '{}');
      await (await connectAs('torch-gateway')).commands.send(PARTITION, 'scheduler', 'command');
      await server.restart();
      const [reader, again] = [await connectAs('torch-reader'), await connectAs('torch-scheduler')];
      await waitUntil(() => reader.ping(), { what: 'the server to answer' });
      expect((await reader.log.read(PARTITION, 0, 10)).map(({ body }) => body)).toEqual(['one', 'two', 'three']);
      expect(await reader.log.head(PARTITION)).toEqual({ seq: 3, generation: 0 });
      expect(await again.commands.read(PARTITION, 'scheduler', '0-0', 10)).toHaveLength(1);
      expect(await again.leases.renew(owner.lease, 1000)).toBe(true);
      expect(await again.caches.get(PARTITION, 'snapshot:scheduler')).toBe('{}');
    } finally {
      await Promise.all(clients.map((client) => client.close()));
      await server.stop();
    }
  });
});
