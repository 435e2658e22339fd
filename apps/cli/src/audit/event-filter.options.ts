import type { HistoryQuery } from '@torch/agent';
import type { EventFilter } from '@torch/archive';
import { eventContract, EVENTS } from '@torch/contracts';
import { parseEventId } from '@torch/log';
import type { Command } from 'commander';
import { wrongUsage } from '../cli.errors';
import { periodOf } from '../report/report.period';

/** The options by which events are picked, as `commander` gives them. */
export interface EventFilterOptions {
  readonly types?: string;
  readonly actor?: string;
  readonly subject?: string;
  readonly correlation?: string;
  readonly from?: string;
  readonly to?: string;
  readonly after?: string;
  readonly archive?: string;
}

export const ARCHIVE_OPTION = [
  '--archive [dir]',
  "read the archive itself, without a running Torch; without a directory TORCH_ARCHIVE_DIR or the data directory's",
] as const;

const ACTOR = /^(user|agent|service):./;
const SUBJECT = /\/.|\*$/;

export function withEventFilter(command: Command): Command {
  return command
    .option('--types <list>', 'events of these types only, separated by commas')
    .option('--actor <actor>', 'caused by user:<name>, agent:<id> or service:<name>')
    .option('--subject <subject>', 'about this, such as task/run-4f2a91.lint, or with * at its end about everything that begins so')
    .option('--correlation <id>', 'of one thread of work')
    .option('--from <time>', 'recorded at or after: a date or time (UTC unless it says otherwise)')
    .option('--to <time>', 'recorded before; a date means the whole of that day')
    .option('--after <event>', 'behind this event: <partition>/<seq>-<generation>/<index>')
    .option(...ARCHIVE_OPTION);
}

/** @throws CliError 2 naming the option that does not fit. */
export function eventFilterOf(options: EventFilterOptions): Omit<EventFilter, 'project' | 'limit'> {
  const types = options.types?.split(',').map((type) => type.trim());
  if (types?.some((type) => type === '')) throw wrongUsage(`--types "${options.types}" must be types separated by commas.`);
  const unknown = types?.find((type) => eventContract(type) === undefined);
  if (unknown !== undefined)
    throw wrongUsage(`--types: there is no event type "${unknown}"${similarTo(unknown)}. docs/contracts lists all.`);
  for (const name of ['actor', 'subject', 'correlation'] as const) {
    if (options[name] === '') throw wrongUsage(`--${name} is empty.`);
  }
  const { actor, subject, correlation: correlationId, after } = options;
  if (actor !== undefined && !ACTOR.test(actor)) throw wrongUsage(`--actor "${actor}" must be user:<name>, agent:<id> or service:<name>.`);
  if (subject !== undefined && !SUBJECT.test(subject))
    throw wrongUsage(`--subject "${subject}" must be such as task/run-4f2a91.lint, or its beginning with * at the end.`);
  return { types, actor, subject, correlationId, ...periodOf(options), afterId: checkedAfter(after) };
}

/** Types of the same noun: `task.done` means one of `task.…`. */
function similarTo(type: string): string {
  const noun = type.split('.', 1)[0];
  const similar = EVENTS.map((contract) => contract.type).filter((known) => known.startsWith(`${noun}.`));
  return similar.length > 0 ? `; there are ${similar.join(', ')}` : '';
}

/** The same question for the gateway. */
export function historyQueryOf({ fromMs, toMs, afterId, ...fields }: EventFilter): HistoryQuery {
  const { project: _, ...query } = { ...fields, from: iso(fromMs), to: iso(toMs), after: afterId };
  return query;
}

const iso = (atMs: number | undefined): string | undefined => (atMs === undefined ? undefined : new Date(atMs).toISOString());

function checkedAfter(after: string | undefined): string | undefined {
  try {
    if (after !== undefined) parseEventId(after);
    return after;
  } catch (error) {
    throw wrongUsage(`--after: ${(error as Error).message}`);
  }
}
