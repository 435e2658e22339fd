import { SERVICE_NAMES } from '@torch/contracts';
import { startLogServer, type TestLogServer } from '@torch/testing';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { Keys } from '../keys';
import { aclFile } from './acl-rules';
import { LOG_USERS, type LogPasswords, type LogUser, READER, userOf } from './log-users';

type Request = readonly [command: string, ...args: string[]];

const passwords = Object.fromEntries(LOG_USERS.map((user) => [user, randomBytes(16).toString('hex')])) as LogPasswords;
const keys = new Keys();
const LOG = keys.log(3);
const REFUSED = /NOPERM|ACL failure in script|The user executing the script can't|DEBUG command not allowed/;

/** What nobody may do, whoever it is. */
const NOBODY: readonly Request[] = [
  ['FLUSHALL'],
  ['FLUSHDB'],
  ['SWAPDB', '0', '1'],
  ['SELECT', '1'],
  ['CONFIG', 'GET', 'requirepass'],
  ['CONFIG', 'SET', 'appendonly', 'no'],
  ['CONFIG', 'REWRITE'],
  ['DEBUG', 'SLEEP', '0'],
  ['SHUTDOWN', 'NOSAVE'],
  ['SAVE'],
  ['BGREWRITEAOF'],
  ['REPLICAOF', '127.0.0.1', '1'],
  ['FAILOVER'],
  ['PSYNC', '?', '-1'],
  ['MONITOR'],
  ['MODULE', 'LIST'],
  ['ACL', 'SETUSER', 'intruder', 'on', 'nopass', '~*', '+@all'],
  ['ACL', 'LIST'],
  ['ACL', 'SAVE'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'KILL', 'TYPE', 'normal'],
  ['CLIENT', 'PAUSE', '1'],
  ['SCRIPT', 'FLUSH'],
  ['FUNCTION', 'FLUSH'],
  ['KEYS', '*'],
  ['SCAN', '0'],
  ['DEL', LOG],
  ['UNLINK', LOG],
  ['EXPIRE', LOG, '1'],
  ['PEXPIRE', LOG, '1'],
  ['PEXPIREAT', LOG, '1'],
  ['RENAME', LOG, `${LOG}:2`],
  ['COPY', LOG, `${LOG}:2`],
  ['DUMP', LOG],
  ['RESTORE', LOG, '0', 'x', 'REPLACE'],
  ['MIGRATE', '127.0.0.1', '1', LOG, '0', '10'],
  ['SET', LOG, 'nothing'],
  ['GETDEL', keys.head(3)],
  ['XDEL', LOG, '1-0'],
  ['XSETID', LOG, '1-0'],
  ['XGROUP', 'CREATE', LOG, 'group', '0'],
  ['DEL', keys.head(3)],
  ['DEL', keys.meta],
  ['DEL', keys.gate(3)],
  ['SET', 'somebody-elses', 'key'],
  ['GET', 'somebody-elses'],
  ['XADD', 'somebody-elses:{p03}:log', '*', 'c', 'x'],
  ['PSUBSCRIBE', '*'],
  ['PUBSUB', 'CHANNELS'],
  ['SUBSCRIBE', 'somebody-elses'],
  ['SLOWLOG', 'GET'],
  ['MEMORY', 'DOCTOR'],
];

/** Audit alone may, and everybody else may not. */
const AUDIT_ONLY: readonly Request[] = [
  ['XTRIM', LOG, 'MINID', '1'],
  ['SET', keys.gate(3), 'open:anything'],
  ['SET', keys.archived(3), '{"position":"9-0"}'],
  ['SET', keys.meta, '{}'],
  ['HVALS', keys.trimGuard(3)],
  ['HGETALL', keys.trimGuard(3)],
  ['XDEL', keys.service(3, 'spawner').commands, '1-0'],
  ['PUBLISH', keys.channel(keys.archivedChannel(3)), 'x'],
];

/** The reader changes nothing, not even in a script, and runs none. */
const NOT_THE_READER: readonly Request[] = [
  ['XADD', LOG, '*', 'c', 'x'],
  ['SET', keys.head(3), '9-0'],
  ['HSET', keys.trimGuard(3), 'reader', '1'],
  ['PUBLISH', keys.channel('replies:gateway-1'), 'x'],
  ['SUBSCRIBE', keys.channel('replies:gateway-1')],
  ['EVAL', 'return 1', '0'],
  ['WAIT', '0', '1'],
];

/** What is another service's. */
function othersThan(own: string): Request[] {
  return SERVICE_NAMES.filter((name) => name !== own).flatMap((name): Request[] => {
    const { commands, lease, epoch } = keys.service(3, name);
    const cache = keys.cache(3, `snapshot:${name}`);
    const auditMay: Request[] = [
      ['SET', epoch, '9'],
      ['PEXPIRE', lease, '0'],
      // It keeps them in the archive, and puts them back.
      ['GET', cache],
      ['SET', cache, '{}'],
    ];
    return [
      ['SET', lease, 'intruder|9'],
      ['DEL', lease],
      ['GET', lease],
      ['INCR', epoch],
      ['XTRIM', commands, 'MAXLEN', '0'],
      ['XREVRANGE', commands, '+', '-'],
      ['XREAD', 'STREAMS', commands, '0'],
      ['SUBSCRIBE', keys.channel(`{p03}:requests:${name}`)],
      ['SUBSCRIBE', keys.channel(`replies:${name}-1-2`)],
      ...(own === 'audit' ? [] : auditMay),
    ];
  });
}

/** The same in a script, whose keys are all declared. */
const inScript = ([command, key = '', ...args]: Request): Request => {
  const call = [command, ...args].map((text) => `'${text}'`);
  return ['EVAL', `return redis.call(${[call[0], 'KEYS[1]', ...call.slice(1)].join(', ')})`, '1', key];
};
const onALogKey = ([command, key]: Request): boolean => key === LOG && !/^(MIGRATE|COPY|RENAME)$/.test(command);

function forbidden(user: LogUser): Request[] {
  if (user === READER) return [...NOBODY, ...AUDIT_ONLY, ...NOT_THE_READER, ...othersThan('nobody')];
  const own = SERVICE_NAMES.find((name) => userOf(name) === user) ?? '';
  const direct = [...NOBODY, ...(own === 'audit' ? [] : AUDIT_ONLY), ...othersThan(own)];
  return [...direct, ...direct.filter(onALogKey).map(inScript)];
}

let server: TestLogServer;
let connections: Redis[];
beforeAll(async () => void (server = await startLogServer({ kind: 'redis', acl: aclFile({ kind: 'redis', passwords }) })));
beforeEach(() => void (connections = []));
afterEach(() => connections.forEach((redis) => redis.disconnect()));
afterAll(async () => server.stop());

function connectAs(user: string, password: string): Redis {
  const redis = new Redis(server.port, '127.0.0.1', {
    protocol: 2,
    username: user,
    password,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  connections.push(redis.on('error', () => undefined));
  return redis;
}

const outcomeOf = (redis: Redis, [command, ...args]: Request): Promise<string> =>
  redis.call(command, ...args).then(
    (reply) => `done: ${JSON.stringify(reply)}`,
    (error: Error) => error.message,
  );

describe.each(LOG_USERS)('%s', (user) => {
  it.each(forbidden(user).map((request) => [request.join(' '), request] as const))('may not %s', async (_, request) => {
    expect(await outcomeOf(connectAs(user, passwords[user]), request)).toMatch(REFUSED);
  });

  it('gets in with no password but its own', async () => {
    expect(await outcomeOf(connectAs(user, passwords[user]), ['PING'])).toBe('done: "PONG"');
    const stranger = new Redis(server.port, '127.0.0.1', {
      protocol: 2,
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    connections.push(stranger.on('error', () => undefined));
    await expect(stranger.connect().then(() => stranger.call('AUTH', user, 'another'))).rejects.toThrow();
  });
});

describe('whoever says no name', () => {
  it('cannot be the default user, whatever password is tried', async () => {
    const stranger = new Redis(server.port, '127.0.0.1', { protocol: 2, enableReadyCheck: false, retryStrategy: () => null });
    connections.push(stranger.on('error', () => undefined));
    for (const password of ['', 'default', passwords['torch-audit']])
      expect(await outcomeOf(stranger, ['AUTH', 'default', password])).toMatch(/WRONGPASS/);
    expect(await outcomeOf(stranger, ['AUTH', passwords['torch-audit']])).toMatch(/WRONGPASS|ERR/);
    expect(await outcomeOf(stranger, ['GET', keys.meta])).toMatch(/NOAUTH/);
  });

  it('may do nothing at all', async () => {
    const stranger = new Redis(server.port, '127.0.0.1', { protocol: 2, enableReadyCheck: false, retryStrategy: () => null });
    connections.push(stranger.on('error', () => undefined));
    for (const request of [['PING'], ['GET', keys.meta], ['XADD', LOG, '*', 'c', 'x'], ['AUTH', 'default', '']] as Request[])
      expect(await outcomeOf(stranger, request)).toMatch(/NOAUTH|WRONGPASS/);
  });
});

describe('every request of these lists', () => {
  it('is one that the server knows: who has every right is not refused', async () => {
    const asked = [...AUDIT_ONLY, ...NOT_THE_READER, ...othersThan('nobody'), ...NOBODY.filter(onALogKey)].filter(
      ([command]) => command !== 'SUBSCRIBE',
    );
    const { username, password } = new URL(server.url);
    const keeper = connectAs(username, password);
    for (const request of asked) expect(`${request.join(' ')}: ${await outcomeOf(keeper, request)}`).not.toMatch(/NOPERM|unknown command/);
  });
});
