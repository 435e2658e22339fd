import { formatPosition } from '@torch/log';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import { type History, withHistory } from '../history/history';
import { prunedNote } from '../history/history.fold';
import { type HistoryPoint, POINT_HELP, pointAt, pointText } from '../history/history.point';
import { absence, stateAt } from '../history/state.at';
import { changesBetween } from '../history/state.changes';
import { parseSubject, serviceOf, type Subject, SUBJECT_KINDS } from '../history/state.subjects';
import { changeText, stateText } from '../history/state.text';
import { progressNote } from '../replay/replay.check';
import { type CommandGroup, examples } from './command-group';

export const stateCommand: CommandGroup = (program, io, exit) => {
  const state = program.command('state').description('Shows how things stood at any moment, rebuilt from the log. Needs no running Torch.');
  withSubject(state.command('show'))
    .description('Shows what the service that decides about a subject knew of it at a time or position; without --at, at the end.')
    .option('--at <time|position>', POINT_HELP)
    .option('--archive <dir>', 'read this archive alone')
    .addHelpText(
      'after',
      examples('torch state show task/run-4f2a91.lint --at 2026-11-22T14:03:27Z', 'torch state show agent/builder-1 --at 42-0 --json'),
    )
    .action(action(io, exit, show));
  withSubject(state.command('diff'))
    .argument('<a>', `from here: ${POINT_HELP}`)
    .argument('<b>', 'to here')
    .description('Lists what changed in the state of a subject between two times or positions.')
    .option('--archive <dir>', 'read this archive alone')
    .addHelpText('after', examples('torch state diff task/run-4f2a91.lint 12-0 40-0', 'torch state diff pool/builders 10 20 --json'))
    .action(action(io, exit, diff));
};

const withSubject = (command: Command): Command => command.argument('<subject>', SUBJECT_KINDS.map((kind) => `${kind}/…`).join(', '));

interface ShowOptions {
  readonly at?: string;
  readonly archive?: string;
}

async function show(context: CliContext, text: string, { at, archive }: ShowOptions): Promise<void> {
  const subject = parseSubject(text);
  await withHistory(context, { archive, ...projectOf(subject) }, async (history) => {
    const point = await pointAt(history, at);
    const state = await stateWithProgress(context, history, subject, point);
    if (!state) throw await absence(history, subject, point);
    tellPruned(context, history);
    context.answer(
      { ...headOf(history, subject), ...placeOf(point), state },
      () => `${subject.name} at ${pointText(point)}\n\n${stateText(state)}`,
    );
  });
}

async function diff(context: CliContext, text: string, from: string, to: string, { archive }: ShowOptions): Promise<void> {
  const subject = parseSubject(text);
  await withHistory(context, { archive, ...projectOf(subject) }, async (history) => {
    const [a, b] = [await pointAt(history, from), await pointAt(history, to)];
    const before = await stateWithProgress(context, history, subject, a);
    const after = await stateWithProgress(context, history, subject, b);
    if (!before && !after) throw await absence(history, subject, b);
    tellPruned(context, history);
    const changes = changesBetween(before, after);
    context.answer({ ...headOf(history, subject), from: placeOf(a), to: placeOf(b), changes }, () =>
      [
        `${subject.name} from ${pointText(a)} to ${pointText(b)}`,
        '',
        ...(changes.length === 0 ? ['Nothing changed.'] : changes.map(changeText)),
      ].join('\n'),
    );
  });
}

/** A project is in a partition of its own, whatever project the command line names. */
const projectOf = ({ kind, id }: Subject): { project?: string } => (kind === 'project' ? { project: id } : {});

const headOf = ({ project, partition }: History, subject: Subject) => ({
  subject: subject.name,
  project,
  partition,
  service: serviceOf(subject),
});

const placeOf = ({ position, recordedAtMs }: HistoryPoint) => ({
  position: formatPosition(position),
  recordedAt: recordedAtMs === undefined ? undefined : new Date(recordedAtMs).toISOString(),
});

function stateWithProgress(context: CliContext, history: History, subject: Subject, point: HistoryPoint) {
  return stateAt(history, subject, point, progressNote(context, serviceOf(subject), point.position.seq));
}

function tellPruned(context: CliContext, history: History): void {
  const note = prunedNote(history);
  if (note !== undefined) context.note(note);
}
