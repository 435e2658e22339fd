import { momentMs } from '@torch/contracts';
import { decodeCommit, formatPosition, type LogEntry, type Position } from '@torch/log';
import { CliError, wrongUsage } from '../cli.errors';
import { EXIT } from '../exit-code';
import type { History } from './history';

/** A moment of a history: everything up to and including this position has happened. */
export interface HistoryPoint {
  readonly position: Position;
  /** When its commit was recorded, epoch ms; absent when retention has removed that. */
  readonly recordedAtMs?: number;
}

export const POSITION = /^(\d{1,16})(?:-(\d{1,9}))?$/;
/** In the help of every command that takes a point. */
export const POINT_HELP = 'a time (ISO 8601, such as 2026-11-22T14:03:27Z; UTC unless it says otherwise) or a position (42-0, or 42)';

/**
 * The point that somebody named by a time or a position; the end of the history when nothing was named. A time stands for
 * everything before the first commit recorded after it.
 *
 * @throws CliError 2 when the text is neither; CliError 1 when it is outside of the history.
 */
export async function pointAt(history: History, text?: string): Promise<HistoryPoint> {
  const { log, partition, project } = history;
  const head = await log.head(partition);
  if (head.seq === 0) throw outside(`Nothing has happened yet in partition ${partition}, in which project ${project} would be.`);
  if (text === undefined) return pointOf(history, head.seq);
  const [, seq, generation] = POSITION.exec(text) ?? [];
  if (seq !== undefined) return atPosition(history, head, Number(seq), generation === undefined ? undefined : Number(generation));
  const atMs = momentMs(text);
  if (atMs === undefined) throw wrongUsage(`"${text}" is not ${POINT_HELP}.`);
  if (atMs > Date.now()) throw outside(`${text} has not come yet. The history ends at ${await described(history, head.seq)}.`);
  const found = await history.index.seqAt(atMs);
  if (found === 0) throw outside(`Nothing had happened by ${text}: the history begins at ${await described(history, 1)}.`);
  return pointOf(history, found);
}

/** `12-0 (2026-11-22T14:03:27.512Z)` */
export function pointText({ position, recordedAtMs }: HistoryPoint): string {
  return `${formatPosition(position)}${recordedAtMs === undefined ? '' : ` (${new Date(recordedAtMs).toISOString()})`}`;
}

async function atPosition(history: History, head: Position, seq: number, generation?: number): Promise<HistoryPoint> {
  if (seq < 1 || seq > head.seq)
    throw outside(`The history of project ${history.project} has no seq ${seq}: it goes from 1 to ${await described(history, head.seq)}.`);
  const point = await pointOf(history, seq);
  if (generation !== undefined && generation !== point.position.generation)
    throw outside(`There is no ${seq}-${generation} in this history: seq ${seq} is ${pointText(point)}, after a recovery.`);
  return point;
}

async function pointOf({ log, partition }: History, seq: number): Promise<HistoryPoint> {
  const [entry] = await log.read(partition, seq - 1, 1);
  const { position } = entry as LogEntry;
  const { recordedAtMs, service } = decodeCommit(entry as LogEntry, () => false);
  return service === '' ? { position } : { position, recordedAtMs };
}

const described = async (history: History, seq: number): Promise<string> => pointText(await pointOf(history, seq));

const outside = (message: string): CliError => new CliError(EXIT.failed, 'outside-the-history', message);
