import type { CloudEvent } from '@torch/agent';
import { type EventFilter, findEvents, readLogNote } from '@torch/archive';
import { cloudEvent, eventId, partitionOf } from '@torch/log';
import type { CliContext } from '../cli-context';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';
import { historyQueryOf } from './event-filter.options';

/** Events of a page that is asked of the gateway. */
const PAGE_EVENTS = 1000;

/** Events as they come in, in the log's order. */
export interface EventPage {
  readonly events: readonly CloudEvent[];
  /** Everything up to here has been searched. */
  readonly through: string | undefined;
  readonly pruned: number;
}

export interface EventPages {
  readonly filter: EventFilter;
  /** Events, at most. Default: all. */
  readonly eventsMax?: number;
  /** The archive to read; undefined asks the gateway. */
  readonly archiveDir: string | undefined;
  readonly signal: AbortSignal;
}

/** `--archive` with or without a directory. */
export function archiveDirOf(context: CliContext, archive: string | boolean | undefined): string | undefined {
  if (archive === undefined || archive === false) return undefined;
  return context.archiveDir(archive === true ? undefined : archive);
}

/** Every page there is, until `signal` ends it. @throws what the gateway or the archive refuses. */
export function eventPages(context: CliContext, pages: EventPages): AsyncGenerator<EventPage, void, void> {
  return pages.archiveDir === undefined ? gatewayPages(context, pages) : archivePages(context, pages, pages.archiveDir);
}

async function* gatewayPages(
  context: CliContext,
  { filter, eventsMax = Infinity, signal }: EventPages,
): AsyncGenerator<EventPage, void, void> {
  const project = context.project();
  let left = eventsMax;
  for (let afterId = filter.afterId; !signal.aborted;) {
    const query = { ...historyQueryOf({ ...filter, afterId }), limit: Math.min(left, PAGE_EVENTS) };
    const { events, next, through, pruned } = await project.history(query, { signal });
    yield { events, through, pruned };
    left -= events.length;
    if (next === undefined || left <= 0) return;
    afterId = next;
  }
}

async function* archivePages(
  context: CliContext,
  { filter, eventsMax = Infinity, signal }: EventPages,
  dir: string,
): AsyncGenerator<EventPage, void, void> {
  const partition = await partitionIn(dir, context.projectName);
  let left = eventsMax;
  const search = { dir, partition, filter: { ...filter, project: context.projectName }, buildsIndexes: true };
  for await (const { events: found, through, pruned } of findEvents(search)) {
    const events = found.slice(0, left).map(({ event, place, recordedAtMs }) => cloudEvent(event, place, recordedAtMs));
    left -= events.length;
    yield { events, through: left > 0 ? eventId(through) : events.at(-1)?.id, pruned };
    if (left <= 0 || signal.aborted) return;
  }
}

/** @throws CliError 1 when there is no archive. */
async function partitionIn(dir: string, project: string): Promise<number> {
  const note = await readLogNote({ dir });
  if (note) return partitionOf(project, note.partitions);
  throw new CliError(
    EXIT.failed,
    'no-archive',
    `There is no archive in ${dir}: it has no log.json. Name one with --archive or TORCH_ARCHIVE_DIR.`,
  );
}
