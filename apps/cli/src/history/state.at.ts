import { decodeCommit, formatPosition } from '@torch/log';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';
import type { History } from './history';
import { foldAt } from './history.fold';
import { type HistoryPoint, pointText } from './history.point';
import { serviceOf, stateOf, type Subject, type SubjectState } from './state.subjects';

/** The state of a subject after everything up to a point; undefined when there was none. */
export async function stateAt(
  history: History,
  subject: Subject,
  point: HistoryPoint,
  onProgress?: (seq: number) => void,
): Promise<SubjectState | undefined> {
  const { encoded } = await foldAt(history, serviceOf(subject), point, onProgress);
  return stateOf(subject, encoded);
}

/** Why a subject has no state at a point, and at which it has. */
export async function absence(history: History, subject: Subject, point: HistoryPoint): Promise<CliError> {
  const seen = await mentions(history, subject);
  const [first] = seen;
  const { project, log, partition } = history;
  if (!first) {
    const end = formatPosition(await log.head(partition));
    return unknown(
      `Nothing in the history of project ${project} is about ${subject.name}, up to its end at ${end}. ` +
        'Look for the id with "torch audit events", or name another project with --project.',
    );
  }
  const { seq } = point.position;
  if (first.position.seq > seq)
    return unknown(`There is no ${subject.name} yet at ${pointText(point)}: the history is about it from ${pointText(first)} on.`);
  const last = seen.findLast(({ position }) => position.seq <= seq) as HistoryPoint;
  return unknown(
    `${serviceOf(subject)} does not know ${subject.name} at ${pointText(point)}: what is over is forgotten after a while. ` +
      `The last that happened to it before is at ${pointText(last)}.`,
  );
}

/** Every commit with an event about the subject. */
async function mentions({ index, project }: History, { kind, id, name }: Subject): Promise<HistoryPoint[]> {
  // The state of a process follows from events about its agent.
  const about = kind === 'process' ? `agent/${id}` : name;
  const points: HistoryPoint[] = [];
  for await (const entry of index.entriesAt(await index.seqsOf([about]))) {
    const { position, recordedAtMs, events } = decodeCommit(entry);
    if (events.some((event) => event.subject === about && event.project === project)) points.push({ position, recordedAtMs });
  }
  return points;
}

const unknown = (message: string): CliError => new CliError(EXIT.failed, 'unknown-subject', message);
