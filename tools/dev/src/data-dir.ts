import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UpFailed } from './up.errors';

export const DATA_DIR_DEFAULT = '.torch';

/** Where everything of one Torch lies. All paths are absolute. */
export interface DataDir {
  readonly root: string;
  readonly lock: string;
  readonly state: string;
  readonly secret: string;
  readonly token: string;
  /** The embedded log server's data. */
  readonly log: string;
  /** Who may do what on the embedded log server: passwords are in it as hashes only. */
  readonly logUsers: string;
  /** Passwords for a log server of somebody else's, as `torch log-server acl` makes them. */
  readonly logPasswords: string;
  /** What the services print. */
  readonly logs: string;
}

export function dataDirAt(path: string = DATA_DIR_DEFAULT): DataDir {
  const root = resolve(path);
  return {
    root,
    lock: join(root, 'lock'),
    state: join(root, 'torch.json'),
    secret: join(root, 'secret'),
    token: join(root, 'token'),
    log: join(root, 'log'),
    logUsers: join(root, 'log', 'users.acl'),
    logPasswords: join(root, 'log-passwords.json'),
    logs: join(root, 'logs'),
  };
}

/** Makes the folders that are not there yet, for this user alone. @throws UpFailed when that is not possible. */
export function createDataDir(dataDir: DataDir): void {
  try {
    for (const folder of [dataDir.root, dataDir.log, dataDir.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new UpFailed(`The data directory ${dataDir.root} cannot be made: ${(error as Error).message}. Choose another one with --data.`, {
      cause: error,
    });
  }
}
