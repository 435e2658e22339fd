import { type ArchivedEntries, readArchive } from '@torch/contracts';
import { checkContiguity, type Log, type LogEntry, LogUnavailable, parsePosition, type Position } from '@torch/log';
import { DeadlineExceeded, type TorchClient } from './client';

/** What the log server holds no more: the beginning of the log, up to a trim. */
export type TrimmedLog = Pick<Log, 'read'>;

const READ_MS_MAX = 30_000;

/** What comes behind `afterSeq`, up to what the log server holds from `first` on. @throws Gap when it does not follow. */
export async function readTrimmed(
  trimmed: TrimmedLog,
  { partition, afterSeq, limit, first }: { partition: number; afterSeq: number; limit: number; first: Position },
): Promise<readonly LogEntry[]> {
  const entries = await trimmed.read(partition, afterSeq, Math.min(limit, first.seq - 1 - afterSeq));
  checkContiguity({ partition, afterSeq, entries, headBefore: first });
  return entries;
}

/** Asks audit, which has all of it in the archive. */
export function trimmedLogOf(client: Pick<TorchClient, 'queryPartition'>): TrimmedLog {
  return {
    read: async (partition, afterSeq, limit): Promise<readonly LogEntry[]> => {
      const { entries, pruned } = await ask(client, partition, { afterSeq, limit });
      if (pruned) throw new HistoryPruned(partition, afterSeq);
      return entries.map(({ position, body }) => ({ position: parsePosition(position), body }));
    },
  };
}

/** The state has to be made from the first entry on, and retention has removed some of what happened. */
export class HistoryPruned extends Error {
  constructor(partition: number, afterSeq: number) {
    super(
      `The state of partition ${partition} has to be made anew from behind seq ${afterSeq}, and retention has removed content there. ` +
        `Restore the service's snapshot, or a backup that has one.`,
    );
    this.name = 'HistoryPruned';
  }
}

async function ask(
  client: Pick<TorchClient, 'queryPartition'>,
  partition: number,
  question: { afterSeq: number; limit: number },
): Promise<ArchivedEntries> {
  try {
    return await client.queryPartition(readArchive, partition, question, READ_MS_MAX);
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
    throw new LogUnavailable(`Audit does not give back what was trimmed off partition ${partition}: ${error.message}`, false, {
      cause: error,
    });
  }
}
