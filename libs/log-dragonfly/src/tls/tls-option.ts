import type { RedisOptions } from 'ioredis';
import type { LogTls } from './log-tls';

/** An address without TLS gets none, whatever else is given. */
export function tlsOption({ url, tls = {} }: { readonly url: string; readonly tls?: LogTls }): Pick<RedisOptions, 'tls'> {
  const { ca, cert, key, serverName } = tls;
  return url.startsWith('rediss:') ? { tls: { ca, cert, key, ...(serverName !== undefined && { servername: serverName }) } } : {};
}
