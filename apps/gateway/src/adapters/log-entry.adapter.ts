import { Gap, type Log, type LogEntry, LogRegressed } from '@torch/log';
import { refusal } from '../api/refusal';

/**
 * The entry at one place of the log; undefined beyond its end.
 *
 * @throws Refusal 410 when the log does not reach back so far any more.
 */
export async function entryAt(log: Log, partition: number, seq: number): Promise<LogEntry | undefined> {
  try {
    const [entry] = await log.read(partition, seq - 1, 1);
    return entry;
  } catch (error) {
    if (error instanceof LogRegressed) return undefined;
    if (!(error instanceof Gap)) throw error;
    throw refusal(410, 'position-gone', `The log does not reach back to ${seq} any more.`);
  }
}
