import { LOG_USERS, type LogPasswords, type LogUser } from '@torch/log-dragonfly/access';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomically } from './atomic-file';
import { UpFailed } from './up.errors';

const PASSWORD_BYTES = 24;

/** A random password for every user of the log server. */
export function newLogPasswords(): LogPasswords {
  return Object.fromEntries(LOG_USERS.map((user) => [user, randomBytes(PASSWORD_BYTES).toString('base64url')])) as LogPasswords;
}

/** A JSON file with the password of each user. @throws UpFailed naming the file and who is missing in it. */
export function readLogPasswords(path: string): LogPasswords {
  let found: Partial<Record<LogUser, unknown>>;
  try {
    found = JSON.parse(readFileSync(path, 'utf8')) as typeof found;
  } catch (error) {
    throw new UpFailed(`The log server's passwords cannot be read from ${path}: ${(error as Error).message}.`, { cause: error });
  }
  const missing = LOG_USERS.filter((user) => typeof found[user] !== 'string' || found[user] === '');
  if (missing.length > 0) throw new UpFailed(`${path} has no password for ${missing.join(', ')}.`);
  return found as LogPasswords;
}

/** The passwords in the file, which is made, for this user alone, when it is not there. */
export function ensureLogPasswords(path: string): { readonly passwords: LogPasswords; readonly made: boolean } {
  const made = !existsSync(path);
  if (made) writeFileAtomically(path, `${JSON.stringify(newLogPasswords(), null, 2)}\n`);
  return { passwords: readLogPasswords(path), made };
}

/** The log server's address for one user, whatever user was in it. */
export function withUser(url: string, user: LogUser, passwords: LogPasswords): string {
  const address = new URL(url);
  address.username = user;
  address.password = encodeURIComponent(passwords[user]);
  return address.href;
}
