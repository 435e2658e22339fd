import type { Redis } from 'ioredis';
import acquire from './lua/acquire.lua';
import append from './lua/append.lua';
import archived from './lua/archived.lua';
import holds from './lua/holds.lua';
import mark from './lua/mark.lua';
import open from './lua/open.lua';
import release from './lua/release.lua';
import renew from './lua/renew.lua';
import restore from './lua/restore.lua';
import send from './lua/send.lua';
import trim from './lua/trim.lua';

/** Each by its name in `lua/`. Their headers say what they take, return and refuse. */
export const SCRIPTS = { acquire, append, archived, holds, mark, open, release, renew, restore, send, trim } as const;

export type ScriptName = keyof typeof SCRIPTS;
/** Replaces the text of single scripts: a test proves with it that its checks find what is missing. */
export type ScriptTexts = Readonly<Record<ScriptName, string>>;

const KEY_COUNTS: Readonly<Record<ScriptName, number>> = {
  acquire: 2,
  append: 4,
  archived: 4,
  holds: 1,
  mark: 4,
  open: 4,
  release: 1,
  renew: 1,
  restore: 4,
  send: 1,
  trim: 2,
};

type Run<Reply> = (...keysAndArguments: (string | number | readonly string[])[]) => Promise<Reply>;

/** A connection that knows the scripts. The names do not collide with the server's own commands. */
export interface ScriptedRedis extends Redis {
  readonly torchAcquire: Run<string | null>;
  readonly torchAppend: Run<string>;
  readonly torchArchived: Run<number>;
  readonly torchHolds: Run<number>;
  readonly torchMark: Run<number>;
  readonly torchOpen: Run<string>;
  readonly torchRelease: Run<number>;
  readonly torchRenew: Run<number>;
  readonly torchRestore: Run<string>;
  readonly torchSend: Run<string>;
  readonly torchTrim: Run<number>;
}

/** For ioredis's `scripts` option. Sent whole once on each connection, and by their hash from then on. */
export function scriptDefinitions(texts: ScriptTexts): Record<string, { lua: string; numberOfKeys: number }> {
  const names = Object.keys(KEY_COUNTS) as ScriptName[];
  return Object.fromEntries(
    names.map((name) => [`torch${name[0]?.toUpperCase()}${name.slice(1)}`, { lua: texts[name], numberOfKeys: KEY_COUNTS[name] }]),
  );
}
