import { chmodSync, readFileSync } from 'node:fs';
import { writeFileAtomically } from './atomic-file';
import type { DataDir } from './data-dir';

export const OPERATOR = 'user:operator';

export interface Credentials {
  /** HMAC key of all tokens, base64url. */
  readonly secret: string;
  /** The operator's token: every project. */
  readonly token: string;
}

/** The data directory's secret, made once, and an operator's token signed with it. Both files are for this user alone. */
export async function ensureCredentials(dataDir: DataDir): Promise<Credentials> {
  // Loaded here: whoever looks at a Torch or stops it needs no tokens made.
  const { ALL_PROJECTS, mintToken, newTokenSecret } = await import('@torch/platform/tokens');
  const secret = kept(dataDir.secret) ?? create(dataDir.secret, newTokenSecret());
  const token = await mintToken(Buffer.from(secret, 'base64url'), { actor: OPERATOR, projects: [ALL_PROJECTS] });
  create(dataDir.token, token);
  return { secret, token };
}

function kept(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    chmodSync(path, 0o600);
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

function create(path: string, text: string): string {
  writeFileAtomically(path, `${text}\n`);
  return text;
}
