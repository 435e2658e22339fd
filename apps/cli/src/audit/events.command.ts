import type { CloudEvent } from '@torch/agent';
import { compileFilter, type EventFilter } from '@torch/archive';
import { parseEventId } from '@torch/log';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import type { CliIo } from '../cli-io';
import { examples, wholeNumber } from '../commands/command-group';
import { dateTime } from '../text/format';
import { eventLine } from '../text/history';
import { eventFilterOf, type EventFilterOptions, withEventFilter } from './event-filter.options';
import { archiveDirOf, eventPages } from './event-pages';
import { prunedNote } from './pruned.note';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000_000;

interface EventsOptions extends EventFilterOptions {
  readonly limit?: number;
  readonly follow?: boolean;
}

export const eventsCommand = (audit: Command, io: CliIo, exit: (code: number) => void): void => {
  withEventFilter(audit.command('events'))
    .description("Finds the project's events in the archive and the log, oldest first. With --json one CloudEvent a line.")
    .option(
      '--limit <n>',
      `events, at most; default: ${LIMIT_DEFAULT}, and none with --follow`,
      wholeNumber('--limit', { min: 1, max: LIMIT_MAX }),
    )
    .option('-f, --follow', 'go on with what happens from then on, until Ctrl-C')
    .addHelpText(
      'after',
      examples(
        "torch audit events --subject 'task/*' --actor agent:dev-1 --from 2026-11-01",
        'torch audit events --types access.refused --follow',
        'torch audit events --correlation c-81f2 --json | jq .type',
        'torch audit events --archive /backup/audit --limit 1000',
      ),
    )
    .action(action(io, exit, events));
};

async function events(context: CliContext, options: EventsOptions): Promise<void> {
  const { follow = false } = options;
  const archiveDir = archiveDirOf(context, options.archive);
  if (follow && archiveDir !== undefined) throw wrongUsage('--follow needs a running Torch, and --archive does without one.');
  if (follow && (options.to !== undefined || options.limit !== undefined))
    throw wrongUsage('--follow has no end, and so goes without --to and --limit.');
  const filter = eventFilterOf(options);
  const eventsMax = options.limit ?? (follow ? undefined : LIMIT_DEFAULT);
  const stopped = new AbortController();
  const stopListening = context.io.onStopSignal(() => stopped.abort());
  const { signal } = stopped;
  try {
    const through = await printPast(context, { filter, eventsMax, archiveDir, signal });
    if (follow && !signal.aborted) await printComing(context, { filter, after: through, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stopListening();
  }
}

interface Past {
  readonly filter: EventFilter;
  readonly eventsMax: number | undefined;
  readonly archiveDir: string | undefined;
  readonly signal: AbortSignal;
}

/** @returns up to where everything was searched. */
async function printPast(context: CliContext, past: Past): Promise<string | undefined> {
  let through = past.filter.afterId;
  let count = 0;
  let pruned = 0;
  for await (const page of eventPages(context, past)) {
    for (const event of page.events) print(context, event);
    through = page.through ?? through;
    count += page.events.length;
    pruned += page.pruned;
  }
  if (pruned > 0) context.note(prunedNote(pruned));
  if (count === past.eventsMax) context.note(`There may be more: go on with --after ${through}.`);
  else if (count === 0 && !context.json) context.note('Nothing was found.');
  return through;
}

async function printComing(
  context: CliContext,
  { filter, after, signal }: { filter: EventFilter; after: string | undefined; signal: AbortSignal },
): Promise<void> {
  const place = after === undefined ? undefined : parseEventId(after);
  const { fits, fitsTime } = compileFilter({ ...filter, afterId: undefined }, place?.partition ?? 0);
  const lost = (): void => {
    if (!signal.aborted) context.note('The gateway is away; trying again.');
  };
  const query = { types: filter.types, after: place?.position.seq ?? 0 };
  for await (const event of context.project().tailEvents(query, { signal, onDisconnected: lost })) {
    const { type, subject, torchproject: project, torchactor: actor, torchcorrelationid: correlationId, data } = event;
    if (fits({ type, v: 0, subject, project, actor, correlationId, data }) && fitsTime(Date.parse(event.time))) print(context, event);
  }
}

function print(context: CliContext, event: CloudEvent): void {
  context.print(context.json ? JSON.stringify(event) : `${dateTime(Date.parse(event.time)).slice(0, 10)} ${eventLine(event)}`);
}
