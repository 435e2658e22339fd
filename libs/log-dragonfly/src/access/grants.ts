import { SERVICE_NAMES, type ServiceName } from '@torch/contracts';
import { repliesChannel, requestsChannel } from '@torch/log';
import { EVERY, Keys } from '../keys';
import { type LogUser, READER, userOf } from './log-users';

export type Right = 'read' | 'write' | 'both';

/** Commands that a user may give, on these keys or these channels; without either, on none. */
export interface Grant {
  readonly commands: readonly string[];
  readonly keys?: readonly { readonly pattern: string; readonly right: Right }[];
  readonly channels?: readonly string[];
}

/** For a server that cannot grant a command on some keys only, and may tear a script. */
export interface LogServerTraits {
  /** Dragonfly can run out of memory within a script: what it added so far is taken back. */
  readonly tearsScripts: boolean;
}

const CONNECTION: Grant = { commands: ['ping', 'quit', 'info', 'time', 'unsubscribe'] };

/**
 * The least that a user needs. Patterns are those of the log server: `*` is anything, a backslash takes the next character
 * as it is.
 *
 * @param prefix of every key, as it is.
 */
export function grantsOf(user: LogUser, prefix: string, traits: LogServerTraits): readonly Grant[] {
  const keys = new Keys(literal(prefix));
  if (user === READER) return readerGrants(keys);
  const service = SERVICE_NAMES.find((name) => userOf(name) === user) as ServiceName;
  return [...ownerGrants(service, keys, traits), ...(service === 'audit' ? keeperGrants(keys) : [])];
}

function readerGrants(keys: Keys): Grant[] {
  return [
    CONNECTION,
    { commands: ['get'], keys: toRead(keys.meta, keys.head(EVERY), keys.gate(EVERY), keys.archived(EVERY)) },
    { commands: ['xrange', 'xrevrange', 'xread', 'xlen'], keys: toRead(keys.log(EVERY)) },
  ];
}

/** Every service owns partitions: it appends, holds leases, reads its commands, keeps caches, and sends commands to others. */
function ownerGrants(service: ServiceName, keys: Keys, { tearsScripts }: LogServerTraits): Grant[] {
  const log = keys.log(EVERY);
  const head = keys.head(EVERY);
  const own = keys.service(EVERY, service);
  const queues = keys.service(EVERY, EVERY).commands;
  const caches = keys.cache(EVERY, `*:${service}`);
  const shared = [keys.meta, head, keys.gate(EVERY), keys.archived(EVERY)];
  return [
    CONNECTION,
    // What a script does to these is checked again, command by command.
    { commands: ['eval', 'evalsha'], keys: toBoth(log, head, keys.gate(EVERY), own.lease, own.epoch, queues) },
    { commands: ['get'], keys: toRead(...shared, own.lease, caches) },
    { commands: ['set'], keys: toWrite(head, own.lease, caches, keys.replicationMark) },
    { commands: ['incr'], keys: toBoth(own.epoch) },
    { commands: ['pexpire'], keys: toWrite(own.lease) },
    { commands: ['xadd'], keys: toWrite(log, queues) },
    { commands: ['xlen'], keys: toRead(queues) },
    { commands: ['xrevrange', 'xread'], keys: toRead(log, own.commands) },
    // Of others' queues too: whoever waits for an answer looks whether what it has sent is still there, before it sends it again.
    { commands: ['xrange'], keys: toRead(log, queues) },
    { commands: ['xtrim'], keys: toWrite(own.commands) },
    { commands: ['hset'], keys: toWrite(keys.trimGuard(EVERY)) },
    { commands: ['wait'] },
    {
      commands: ['subscribe'],
      channels: [requestsChannel(EVERY, service), repliesChannel(`${service}-*`), keys.archivedChannel(EVERY)].map((name) =>
        keys.channel(name),
      ),
    },
    { commands: ['publish'], channels: [requestsChannel(EVERY, EVERY), repliesChannel(EVERY)].map((name) => keys.channel(name)) },
    ...(tearsScripts ? [{ commands: ['xdel', 'xsetid'], keys: toWrite(log) }] : []),
  ];
}

/** Audit keeps the gate and the archive: it creates, restores, marks and trims. */
function keeperGrants(keys: Keys): Grant[] {
  const { epoch, commands, lease } = keys.service(EVERY, EVERY);
  const gate = keys.gate(EVERY);
  const trimGuard = keys.trimGuard(EVERY);
  // Of every service: kept in the archive, and put back from there.
  const snapshots = keys.cache(EVERY, 'snapshot*');
  return [
    { commands: ['eval', 'evalsha'], keys: toBoth(lease, epoch, commands) },
    { commands: ['eval', 'evalsha'], keys: toBoth(keys.log(EVERY), trimGuard) },
    { commands: ['eval', 'evalsha'], keys: toBoth(keys.log(EVERY), keys.head(EVERY), lease, keys.archived(EVERY)) },
    { commands: ['get'], keys: toRead(epoch, snapshots) },
    { commands: ['set'], keys: toWrite(keys.meta, gate, keys.archived(EVERY), epoch, snapshots) },
    { commands: ['pexpire'], keys: toWrite(lease) },
    { commands: ['xdel'], keys: toWrite(commands) },
    { commands: ['xtrim'], keys: toWrite(keys.log(EVERY)) },
    { commands: ['hvals', 'hgetall'], keys: toRead(trimGuard) },
    { commands: ['publish'], channels: [keys.channel(keys.archivedChannel(EVERY))] },
  ];
}

const toRead = (...patterns: string[]) => patterns.map((pattern) => ({ pattern, right: 'read' as const }));
const toWrite = (...patterns: string[]) => patterns.map((pattern) => ({ pattern, right: 'write' as const }));
const toBoth = (...patterns: string[]) => patterns.map((pattern) => ({ pattern, right: 'both' as const }));

/** A text that a pattern takes as it is. */
const literal = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');
