import { createHash } from 'node:crypto';
import { PREFIX_DEFAULT } from '../keys';
import { type Grant, grantsOf, type Right } from './grants';
import { LOG_USERS, type LogPasswords, type LogUser } from './log-users';

/** Redis and Valkey grant a command on some keys; Dragonfly grants commands, and apart from them keys to read or write. */
export const ACL_KINDS = ['redis', 'valkey', 'dragonfly'] as const;
export type AclKind = (typeof ACL_KINDS)[number];

export interface AclSettings {
  readonly kind: AclKind;
  readonly passwords: LogPasswords;
  /** What every key begins with. */
  readonly prefix?: string;
}

/** Which keys a rule is about. */
const SIGNS: Readonly<Record<Right, string>> = { read: '%R~', write: '%W~', both: '~' };

/**
 * What the server's `aclfile` holds: every user of Torch, and none besides them. Passwords are in it as SHA-256 only.
 *
 * @throws RangeError for a prefix that no rule can name.
 */
export function aclFile(settings: AclSettings): string {
  const lines = LOG_USERS.map(
    (user) => `user ${user} on #${sha256(settings.passwords[user])} resetkeys resetchannels ${aclRules(user, settings)}`,
  );
  return `${[defaultUser(settings.kind), ...lines].join('\n')}\n`;
}

/**
 * The user of every connection that has not said who it is. It must be there, or the server makes it, open and all-powerful.
 * Off, nobody can be it. Redis and Valkey read their AOF back as this user, and drop what scripts wrote where it has not the
 * rights for it: there it keeps them.
 */
const defaultUser = (kind: AclKind): string =>
  `user default off resetpass ${kind === 'dragonfly' ? 'resetkeys resetchannels -@all' : '~* &* +@all'}`;

/** What a user may do, in the words of `ACL SETUSER`, without its password. @throws RangeError as `aclFile`. */
export function aclRules(user: LogUser, { kind, prefix = PREFIX_DEFAULT }: Pick<AclSettings, 'kind' | 'prefix'>): string {
  if (/\s|[()]/.test(prefix))
    throw new RangeError(`The key prefix "${prefix}" has white space or parentheses, which access rules cannot name.`);
  const grants = grantsOf(user, prefix, { tearsScripts: kind === 'dragonfly' });
  return ['-@all', ...(kind === 'dragonfly' ? together(grants) : oneByOne(grants))].join(' ');
}

/** Each grant for itself: a selector, unless it is about no key and no channel. */
function oneByOne(grants: readonly Grant[]): string[] {
  return grants.flatMap((grant) => {
    const rules = [...commandsOf(grant), ...keysOf(grant), ...channelsOf(grant)];
    return grant.keys || grant.channels ? [`(${rules.join(' ')})`] : rules;
  });
}

/** Each command that any grant has, on each key that any grant has, as far as it reads or writes. */
function together(grants: readonly Grant[]): string[] {
  // Scripts name their keys, but only what they do to them counts.
  const keys = grants.filter(({ commands }) => !commands.includes('eval')).flatMap(keysOf);
  return [...new Set([...grants.flatMap(commandsOf), ...keys, ...grants.flatMap(channelsOf)])];
}

const commandsOf = ({ commands }: Grant): string[] => commands.map((command) => `+${command}`);
const keysOf = ({ keys = [] }: Grant): string[] => keys.map(({ pattern, right }) => `${SIGNS[right]}${pattern}`);
const channelsOf = ({ channels = [] }: Grant): string[] => channels.map((channel) => `&${channel}`);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
