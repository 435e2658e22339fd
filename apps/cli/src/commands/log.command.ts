import type { CloudEvent } from '@torch/agent';
import { parsePosition } from '@torch/log';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { EXIT } from '../exit-code';
import { POINT_HELP } from '../history/history.point';
import { replayCheck, type ReplayReport } from '../replay/replay.check';
import { type ReplayedReport, replayUntil } from '../replay/replay.until';
import { dateTime } from '../text/format';
import { eventLine } from '../text/history';
import { fields, table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';

/** Without `--follow`, the tail ends when nothing more has come for this long. */
const QUIET_MS = 700;

export const logCommand: CommandGroup = (program, io, exit) => {
  const log = program.command('log').description('Reads the log, in which everything that ever happened stands.');
  log
    .command('tail')
    .description("Prints the project's events: all there are from --after on, or what comes from now on with --follow.")
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('--types <list>', 'events of these types only, separated by commas')
    .option('--subject <subject>', 'events about this only, such as task/run-4f2a91.lint')
    .option('--after <seq>', 'start behind this seq; 0 is the beginning', wholeNumber('--after', { min: 0, max: Number.MAX_SAFE_INTEGER }))
    .addHelpText(
      'after',
      examples(
        'torch log tail --follow',
        'torch log tail --after 0 --types run.submitted,run.ended',
        'torch log tail --follow --json | jq .type',
      ),
    )
    .action(action(io, exit, tail));
  log
    .command('show')
    .argument('<position>', '<seq>-<generation>, such as 42-0')
    .description("Shows one commit: who decided it, and the project's events in it.")
    .addHelpText('after', examples('torch log show 42-0'))
    .action(action(io, exit, show));
  log
    .command('replay')
    .description(
      "Rebuilds the project's state in every service from the log alone and compares its digest with the live one. Exits with 1 on a difference.",
    )
    .option('--until <time|position>', `only up to here, and compare nothing: ${POINT_HELP}`)
    .option('--archive <dir>', 'read this archive alone, and compare nothing; needs no running Torch')
    .addHelpText(
      'after',
      examples(
        'torch log replay --project default',
        'torch log replay --json',
        'torch log replay --until 2026-11-22T14:03:27Z',
        'torch log replay --archive /backup/audit --until 42-0',
      ),
    )
    .action(action(io, exit, replay));
};

interface ReplayOptions {
  readonly until?: string;
  readonly archive?: string;
}

interface TailOptions {
  readonly follow?: boolean;
  readonly types?: string;
  readonly subject?: string;
  readonly after?: number;
}

async function tail(context: CliContext, { follow, types, subject, after }: TailOptions): Promise<void> {
  const stopped = new AbortController();
  const stopListening = context.io.onStopSignal(() => stopped.abort());
  // Everything there is comes at once; then it is quiet.
  let quiet: NodeJS.Timeout | undefined;
  const heard = (): void => {
    clearTimeout(quiet);
    if (!follow) quiet = setTimeout(() => stopped.abort(), QUIET_MS);
  };
  const query = { types: types?.split(',').map((type) => type.trim()), subject, after: after ?? (follow ? undefined : 0) };
  const lost = (): void => {
    if (!stopped.signal.aborted) context.note('The gateway is away; trying again.');
  };
  const print = (event: CloudEvent): void => {
    heard();
    context.print(context.json ? JSON.stringify(event) : eventLine(event));
  };
  try {
    await context.gateway().getProject(context.projectName);
    for await (const event of context.project().tailEvents(query, { signal: stopped.signal, onConnected: heard, onDisconnected: lost }))
      print(event);
  } finally {
    clearTimeout(quiet);
    stopListening();
  }
}

async function show(context: CliContext, position: string): Promise<void> {
  try {
    parsePosition(position);
  } catch (error) {
    throw wrongUsage((error as Error).message);
  }
  const commit = await context.project().commit(position);
  context.answer(commit, () => {
    const { events, service, epoch, recordedAtMs, ...rest } = commit;
    const head = fields([
      ['position', commit.position],
      ['decided by', service],
      ['epoch', epoch],
      ['recorded', dateTime(recordedAtMs)],
      ...Object.entries(rest).flatMap(([name, value]): [string, string][] => (name === 'position' ? [] : [[name, JSON.stringify(value)]])),
    ]);
    return [head, '', ...events.flatMap((event) => [eventLine(event), `          ${JSON.stringify(event.data)}`])].join('\n');
  });
}

async function replay(context: CliContext, options: ReplayOptions): Promise<number> {
  if (options.until !== undefined || options.archive !== undefined) {
    const replayed = await replayUntil(context, options);
    context.answer(replayed, () => replayedText(replayed));
    return EXIT.done;
  }
  const report = await replayCheck(context);
  context.answer(report, () => replayText(report));
  return report.equal ? EXIT.done : EXIT.failed;
}

function replayText({ project, partition, services, equal }: ReplayReport): string {
  const rows = services.map(({ service, ownSeq, foreignSeq, live, replayed, equal: same, problem }) => [
    service,
    String(ownSeq),
    String(foreignSeq),
    live.slice(0, 16),
    replayed?.slice(0, 16) ?? '-',
    same ? 'equal' : `DIFFERENT${problem ? `: ${problem}` : ''}`,
  ]);
  const different = services.filter((service) => !service.equal).map(({ service }) => service);
  return [
    table(['SERVICE', 'OWN SEQ', 'FOREIGN SEQ', 'LIVE', 'REPLAYED', 'VERDICT'], rows),
    equal
      ? `The state of project ${project} (partition ${partition}) follows from the log, in every service.`
      : `The state of project ${project} (partition ${partition}) does not follow from the log in: ${different.join(', ')}.`,
  ].join('\n');
}

function replayedText({ project, partition, position, recordedAt, source, services }: ReplayedReport): string {
  const rows = services.map(({ service, digest, known }) => [service, digest, known ? '' : 'nothing happened yet']);
  const at = recordedAt === undefined ? position : `${position} (${recordedAt})`;
  return [
    table(['SERVICE', 'STATE DIGEST', ''], rows),
    `The state of project ${project} (partition ${partition}) at ${at}, rebuilt from the ${source}.`,
  ].join('\n');
}
