import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** How to trust the log server, and to be trusted by it. Texts in PEM. */
export interface LogTls {
  /** Whose signature makes the server's certificate good; absent: the authorities that Node knows. */
  readonly ca?: string;
  /** What this client shows, for a server that asks for a certificate; goes with `key`. */
  readonly cert?: string;
  readonly key?: string;
  /** Name that the server's certificate must have, when it is not the address's. */
  readonly serverName?: string;
}

const NAMES = { ca: 'TORCH_LOG_CA', cert: 'TORCH_LOG_CERT', key: 'TORCH_LOG_KEY', serverName: 'TORCH_LOG_SERVER_NAME' } as const;

/** Variables about TLS to the log server that cannot be used. */
export class LogTlsInvalid extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join(' '));
    this.name = 'LogTlsInvalid';
  }
}

/**
 * What `TORCH_LOG_CA`, `TORCH_LOG_CERT`, `TORCH_LOG_KEY` (files in PEM) and `TORCH_LOG_SERVER_NAME` say. Undefined for an
 * address without TLS.
 *
 * @throws LogTlsInvalid naming every variable that cannot be used.
 */
export function readLogTls(url: string, env: NodeJS.ProcessEnv): LogTls | undefined {
  const problems: string[] = [];
  const given = Object.values(NAMES).filter((name) => textOf(env, name) !== undefined);
  if (!url.startsWith('rediss:')) {
    if (given.length === 0) return undefined;
    throw new LogTlsInvalid([
      `${given.join(' and ')} ${given.length === 1 ? 'needs' : 'need'} TLS, but TORCH_LOG_URL does not start with rediss://.`,
    ]);
  }
  const ca = readPem(NAMES.ca, env, problems, (text) => new X509Certificate(text));
  const cert = readPem(NAMES.cert, env, problems, (text) => new X509Certificate(text));
  const key = readPem(NAMES.key, env, problems, (text) => createPrivateKey(text));
  if (problems.length === 0) problems.push(...pairProblems(cert?.parsed, key?.parsed));
  if (problems.length > 0) throw new LogTlsInvalid(problems);
  return { ca: ca?.text, cert: cert?.text, key: key?.text, serverName: textOf(env, NAMES.serverName) };
}

function readPem<T>(
  name: string,
  env: NodeJS.ProcessEnv,
  problems: string[],
  parse: (text: string) => T,
): { readonly text: string; readonly parsed: T } | undefined {
  const path = textOf(env, name);
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`${name} names ${path}, which cannot be read: ${(error as Error).message}.`);
    return undefined;
  }
  try {
    return { text, parsed: parse(text) };
  } catch {
    problems.push(`${name} names ${path}, which holds no ${name === NAMES.key ? 'private key' : 'certificate'} in PEM.`);
    return undefined;
  }
}

function pairProblems(cert: X509Certificate | undefined, key: KeyObject | undefined): string[] {
  if (!cert && !key) return [];
  if (!cert || !key) return [`${NAMES.cert} and ${NAMES.key} go together; only ${cert ? NAMES.cert : NAMES.key} is set.`];
  return cert.checkPrivateKey(key) ? [] : [`${NAMES.key} is not the key of the certificate that ${NAMES.cert} names.`];
}

function textOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}
