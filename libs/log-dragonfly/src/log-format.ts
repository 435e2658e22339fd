import { checkPartitionCount } from '@torch/log';
import type { Connection } from './connection';
import type { Keys } from './keys';

/** Version of the keys and entries that this build reads and writes. */
export const LOG_FORMAT = 1;

/** The log server holds a log that this build cannot work with. Another build made it, or it is not Torch's. */
export class LogFormatUnknown extends Error {
  constructor(found: string) {
    super(`The log server holds a log of an unknown format, ${found}; this Torch works with format ${LOG_FORMAT}.`);
    this.name = 'LogFormatUnknown';
  }
}

/**
 * The partition count of the log, which is created with `partitionsDefault` where there is none.
 *
 * @throws LogFormatUnknown; RangeError for a default that no log can have.
 */
export async function fixPartitions(connection: Connection, keys: Keys, partitionsDefault: number): Promise<number> {
  checkPartitionCount(partitionsDefault);
  const created = JSON.stringify({ format: LOG_FORMAT, partitions: partitionsDefault });
  const [, meta] = await connection.ask({ what: 'partition count' }, (redis) =>
    Promise.all([redis.set(keys.meta, created, 'NX'), redis.get(keys.meta)]),
  );
  return partitionsOf(meta ?? created);
}

function partitionsOf(meta: string): number {
  let format: unknown;
  let partitions: unknown;
  try {
    ({ format, partitions } = JSON.parse(meta) as { format?: unknown; partitions?: unknown });
    checkPartitionCount(partitions as number);
  } catch (error) {
    throw new LogFormatUnknown(meta.slice(0, 200));
  }
  if (format !== LOG_FORMAT) throw new LogFormatUnknown(`format ${String(format)}`);
  return partitions as number;
}
