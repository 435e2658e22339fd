import { CONFLICT_STATUSES, type ConflictParty, type ConflictStatus, type ConflictView } from '@torch/contracts';
import { present } from '@torch/kernel';
import { InvalidArgumentError, Option } from 'commander';
import { action, type CliContext } from '../cli-context';
import { dateTime, shortened } from '../text/format';
import { fields, table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';
import { durationOption } from './option-values';

const LIST_DEFAULT = 50;

export const conflictCommand: CommandGroup = (program, io, exit) => {
  const conflict = program.command('conflict').description('Looks at disagreements, opens and resolves them.');
  conflict
    .command('list')
    .description('Lists conflicts, the newest first.')
    .addOption(new Option('--status <status>', 'in this state only').choices(CONFLICT_STATUSES))
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: 1000 }), LIST_DEFAULT)
    .addHelpText('after', examples('torch conflict list --status escalated'))
    .action(action(io, exit, list));
  conflict
    .command('show')
    .argument('<conflict>')
    .description('Shows a conflict and what each party holds for its side.')
    .action(action(io, exit, show));
  conflict
    .command('open')
    .description('Opens a conflict about results that contradict each other. Unresolved at its deadline, it waits for a person.')
    .requiredOption('--about <text>', 'what it is about: tasks, a path')
    .requiredOption('--party <actor=evidence>', 'agent:<id> or user:<name>, and what it holds for its side; at least two', party, [])
    .option('--deadline <duration>', 'default 15m', durationOption('--deadline'))
    .option('--id <conflict>', 'its id; opening it again changes nothing')
    .addHelpText(
      'after',
      examples('torch conflict open --about run-4f2a91.bench --party "agent:a=12 ms at p99" --party "agent:b=80 ms at p99" --deadline 1h'),
    )
    .action(action(io, exit, open));
  conflict
    .command('resolve')
    .argument('<conflict>')
    .argument('<resolution...>', 'what holds from now on')
    .description('Resolves a conflict.')
    .option('--in-favour-of <actor>', 'the party that prevails, where one does')
    .addHelpText('after', examples('torch conflict resolve 77ab "Measured again: b is right." --in-favour-of agent:b'))
    .action(action(io, exit, resolve));
};

function party(text: string, before: ConflictParty[]): ConflictParty[] {
  const [, actor, evidence] = /^((?:agent|user):[^=]+)=(.+)$/s.exec(text) ?? [];
  if (actor === undefined || evidence === undefined)
    throw new InvalidArgumentError('--party must be "agent:<id>=<evidence>" or "user:<name>=<evidence>".');
  return [...before, { actor, evidence }];
}

async function list(context: CliContext, { status, limit }: { status?: ConflictStatus; limit: number }): Promise<void> {
  const found = await context.project().conflicts.list({ status, limit });
  context.answer(found, () => {
    if (found.conflicts.length === 0) return 'No conflicts.';
    const rows = found.conflicts.map((view) => [
      view.conflictId,
      view.kind,
      view.status,
      dateTime(view.deadlineAtMs),
      view.parties.map(({ actor }) => actor).join(' '),
      shortened(view.about, 60),
    ]);
    return table(['CONFLICT', 'KIND', 'STATUS', 'DEADLINE', 'PARTIES', 'ABOUT'], rows);
  });
}

async function show(context: CliContext, conflictId: string): Promise<void> {
  const view = await context.project().conflicts.get(conflictId);
  context.answer(view, () => describe(view));
}

const describe = (view: ConflictView): string =>
  fields([
    ['conflict', view.conflictId],
    ['kind', view.kind],
    ['about', view.about],
    ['status', view.status],
    ['opened', dateTime(view.openedAtMs)],
    ['deadline', dateTime(view.deadlineAtMs)],
    ...view.parties.map(({ actor, evidence }) => [actor, evidence] as const),
    ['resolution', view.resolution],
    ['in favour of', view.inFavourOf],
    ['resolved', view.resolvedAtMs === undefined ? undefined : `${dateTime(view.resolvedAtMs)} by ${view.resolvedBy}`],
  ]);

interface OpenOptions {
  readonly about: string;
  readonly party: ConflictParty[];
  readonly deadline?: number;
  readonly id?: string;
}

async function open(context: CliContext, { about, party: parties, deadline, id }: OpenOptions): Promise<void> {
  const conflict = { kind: 'results' as const, about, parties, ...present({ deadlineMs: deadline, conflictId: id }) };
  const opened = await context.project().conflicts.open(conflict);
  context.answer(opened, () => `Conflict ${opened.conflictId} is open.`);
}

async function resolve(context: CliContext, conflictId: string, words: string[], { inFavourOf }: { inFavourOf?: string }): Promise<void> {
  const resolution = words.join(' ');
  const { position } = await context.project().conflicts.resolve(conflictId, { resolution, ...present({ inFavourOf }) });
  context.answer({ conflictId, resolution, inFavourOf, position }, () => `Conflict ${conflictId} is resolved.`);
}
