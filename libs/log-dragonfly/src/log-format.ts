import { checkPartitionCount, type LogIdentity, LogUnavailable } from '@torch/log';
import type { Connection } from './connection';
import type { Keys } from './keys';

/** Version of the keys and entries that this build reads and writes. */
export const LOG_FORMAT = 2;

/** The log server holds a log that this build cannot work with. Another build made it, or it is not Torch's. */
export class LogFormatUnknown extends Error {
  constructor(found: string) {
    super(
      `The log server holds a log of an unknown format, ${found}; this Torch works with format ${LOG_FORMAT}. Give it a log server, or a data directory, of its own.`,
    );
    this.name = 'LogFormatUnknown';
  }
}

/**
 * What the log is. Where there is none, it is created as `created` says, unless the client waits for the gate's keeper to do so.
 *
 * @throws LogFormatUnknown; RangeError for a partition count that no log can have; LogUnavailable.
 */
export async function fixIdentity(
  connection: Connection,
  keys: Keys,
  { created, mayCreate }: { readonly created: LogIdentity; readonly mayCreate: boolean },
): Promise<LogIdentity> {
  checkPartitionCount(created.partitions);
  const text = JSON.stringify({ format: LOG_FORMAT, partitions: created.partitions, logId: created.logId });
  const request = { what: 'identity of the log' };
  // Who may only read can be told what the log is.
  const there = await connection.ask(request, (redis) => redis.get(keys.meta));
  if (there !== null) return identityOf(there);
  if (!mayCreate) throw new LogUnavailable('The log is not there yet: audit creates it, or restores it.', false);
  const [, meta] = await connection.ask(request, (redis) => Promise.all([redis.set(keys.meta, text, 'NX'), redis.get(keys.meta)]));
  return identityOf(meta ?? text);
}

function identityOf(meta: string): LogIdentity {
  let found: { format?: unknown; partitions?: unknown; logId?: unknown };
  try {
    found = JSON.parse(meta) as typeof found;
    checkPartitionCount(found.partitions as number);
  } catch (error) {
    throw new LogFormatUnknown(meta.slice(0, 200));
  }
  const { format, partitions, logId } = found;
  if (format !== LOG_FORMAT || typeof logId !== 'string') throw new LogFormatUnknown(`format ${String(format)}`);
  return { partitions: partitions as number, logId };
}
