import { aclFile, aclRules } from './acl-rules';
import { LOG_USERS, type LogPasswords, READER } from './log-users';

const passwords = Object.fromEntries(LOG_USERS.map((user) => [user, `secret of ${user}`])) as LogPasswords;

describe('the access file', () => {
  it.each(['redis', 'valkey', 'dragonfly'] as const)(
    'of %s has every user of Torch, shuts everybody else out, and tells no password',
    (kind) => {
      const text = aclFile({ kind, passwords });
      const lines = text.trimEnd().split('\n');
      expect(lines.map((line) => line.split(' ')[1])).toEqual(['default', ...LOG_USERS]);
      expect(lines[0]).toMatch(/^user default off resetpass /);
      for (const line of lines.slice(1)) expect(line).toMatch(/ on #[0-9a-f]{64} resetkeys resetchannels -@all \+/);
      expect(lines.slice(1).join()).not.toMatch(/secret|nopass|allkeys|allcommands|allchannels|~\* |&\* |\+@/);
    },
  );

  it('gives no right that changes something to the reader', () => {
    expect(aclRules(READER, { kind: 'dragonfly' })).toBe(
      '-@all +ping +quit +info +time +unsubscribe +get +xrange +xrevrange +xread +xlen %R~nova:torch:meta %R~nova:torch:{p*}:head ' +
        '%R~nova:torch:{p*}:gate %R~nova:torch:{p*}:archived %R~nova:torch:{p*}:log',
    );
    expect(aclRules(READER, { kind: 'redis' })).toMatch(/ \(\+xrange \+xrevrange \+xread \+xlen %R~nova:torch:\{p\*\}:log\)$/);
  });

  it.each(LOG_USERS)('names no command for %s that deletes, empties or reconfigures', (user) => {
    for (const kind of ['redis', 'dragonfly'] as const) {
      const commands = aclRules(user, { kind }).match(/\+[\w|]+/g);
      for (const forbidden of [
        'del',
        'unlink',
        'flushall',
        'flushdb',
        'config',
        'debug',
        'shutdown',
        'keys',
        'scan',
        'rename',
        'script',
        'acl',
      ])
        expect(commands).not.toContain(`+${forbidden}`);
    }
  });

  it('lets nobody but audit set the gate, say what is archived, or create the log', () => {
    for (const user of LOG_USERS.filter((name) => name !== 'torch-audit')) {
      for (const name of ['gate', 'archived', 'meta'])
        expect(aclRules(user, { kind: 'redis' })).not.toMatch(new RegExp(`%W~\\S*:${name}\\b`));
    }
    expect(aclRules('torch-audit', { kind: 'redis' })).toContain(
      '(+set %W~nova:torch:meta %W~nova:torch:{p*}:gate %W~nova:torch:{p*}:archived',
    );
  });

  it('takes a prefix as it is, and refuses one that it cannot name', () => {
    expect(aclRules(READER, { kind: 'redis', prefix: 'a*b[1]:' })).toContain('%R~a\\*b\\[1\\]:meta');
    for (const prefix of ['a b:', 'a(b):']) expect(() => aclRules(READER, { kind: 'redis', prefix })).toThrow(RangeError);
  });
});
