import type { LogServer } from '@torch/log';
import type { LogServerSubject } from '@torch/log/contract';
import { waitUntil } from '@torch/testing';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { aclRules } from '../access/acl-rules';
import type { LogUser } from '../access/log-users';
import { DragonflyLogServer } from '../dragonfly-log-server';
import { Keys } from '../keys';
import { SCRIPTS, type ScriptTexts } from '../scripts';
import { FIELD, type StreamEntry } from '../stream-entries';

const CACHE_BYTES = 100_000;

export interface SubjectOptions {
  /** Replace the scripts of these names. */
  readonly scripts?: Partial<ScriptTexts>;
  /** Clients have the rights of all of these, on a server where `url` is that of one who may grant them. Default: every right. */
  readonly users?: readonly LogUser[];
}

/** A part of a running log server, by a prefix of its own, without data; what `dispose` removes. */
export async function openSubject(url: string, { scripts, users }: SubjectOptions = {}): Promise<LogServerSubject> {
  const prefix = `torch-test-${randomUUID()}:`;
  const keys = new Keys(prefix);
  const raw = new Redis(url, { protocol: 2 });
  const clients: LogServer[] = [];
  const clientUrl = users
    ? await grant(
        raw,
        url,
        users.map((user) => aclRules(user, { kind: 'redis', prefix })),
      )
    : url;
  return {
    connect: async (options = {}) => {
      const texts = { ...SCRIPTS, ...scripts };
      const client = await DragonflyLogServer.connect({ url: clientUrl, prefix, cacheBytesMax: CACHE_BYTES, ...options, scripts: texts });
      clients.push(client);
      return client;
    },
    eventually: async (condition, what) => void (await waitUntil(condition, { what })),
    removeEntry: async (partition, position) => void (await raw.xdel(keys.log(partition), position)),
    loseTail: async (partition, lastSeq) => setBack(raw, keys, partition, lastSeq),
    dispose: async () => {
      await Promise.all(clients.map((client) => client.close()));
      for await (const found of raw.scanStream({ match: `${prefix}*`, count: 1000 })) {
        if ((found as string[]).length > 0) await raw.del(...(found as string[]));
      }
      await raw.quit();
    },
  };
}

/** Makes a user with these rights. @returns that user's url. */
async function grant(raw: Redis, url: string, rules: readonly string[]): Promise<string> {
  const [name, password] = [randomUUID(), randomUUID()];
  await raw.call(
    'ACL',
    'SETUSER',
    name,
    'reset',
    'on',
    `>${password}`,
    '-@all',
    ...rules.flatMap((text) => text.replace('-@all ', '').split(' ')),
  );
  const { protocol, host } = new URL(url);
  return `${protocol}//${name}:${password}@${host}`;
}

/** As if the server had come back with what it had when `lastSeq` was its end. */
export async function setBack(raw: Redis, keys: Keys, partition: number, lastSeq: number): Promise<void> {
  const kept = (await raw.xrange(keys.log(partition), '-', `${lastSeq}-99`)) as StreamEntry[];
  await raw.del(keys.log(partition), keys.head(partition));
  for (const [id, [, body = '']] of kept) await raw.xadd(keys.log(partition), id, FIELD, body);
  const last = kept.at(-1);
  if (last) await raw.set(keys.head(partition), last[0]);
}
