import { durationMs, LIMIT_FOR_ALL, LIMIT_SCOPES, type LimitScope, type LimitView, type RateLimit } from '@torch/contracts';
import { present } from '@torch/kernel';
import { Argument, InvalidArgumentError } from 'commander';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { duration } from '../text/format';
import { table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';
import { decimalOption } from './option-values';

const LIVE_MAX = 1_000_000;
const QUEUED_MAX = 10_000_000;

export const limitCommand: CommandGroup = (program, io, exit) => {
  const limit = program.command('limit').description('Looks at what a project may do at a time, and sets it.');
  const scope = (): Argument => new Argument('<scope>', 'what is limited').choices(LIMIT_SCOPES);
  const name = (): Argument =>
    new Argument('[name]', 'which role, fairness key, agent or semaphore; default: each that has no limit of its own').default(
      LIMIT_FOR_ALL,
    );
  limit
    .command('list')
    .description('Lists limits, what counts against them and what waits for them.')
    .action(action(io, exit, list));
  limit
    .command('set')
    .addArgument(scope())
    .addArgument(name())
    .description('Sets a limit; it replaces what was set before for the same.')
    .option('--concurrency <n>', 'tasks that run at a time', wholeNumber('--concurrency', { min: 0, max: LIVE_MAX }))
    .option('--rate <tasks/duration>', 'tasks that start, such as 10/1m', rate)
    .option('--burst <n>', 'of these at once; default: as many as the rate says', wholeNumber('--burst', { min: 1, max: LIVE_MAX }))
    .option('--queued <n>', 'open tasks; a run beyond it is refused', wholeNumber('--queued', { min: 0, max: QUEUED_MAX }))
    .option('--weight <x>', 'share of a key beside others; default 1', decimalOption('--weight', { min: 0.01, max: 1000 }))
    .addHelpText(
      'after',
      examples(
        'torch limit set project --concurrency 20',
        'torch limit set key nightly --weight 0.5',
        'torch limit set semaphore deploy --concurrency 1',
      ),
    )
    .action(action(io, exit, set));
  limit
    .command('remove')
    .addArgument(scope())
    .addArgument(name())
    .description('Takes a limit away.')
    .addHelpText('after', examples('torch limit remove key nightly'))
    .action(action(io, exit, remove));
};

function rate(text: string): RateLimit {
  const [, tasks, per = ''] = /^(\d{1,7})\/(.+)$/.exec(text) ?? [];
  const perMs = durationMs(per);
  if (tasks === undefined || perMs === undefined) throw new InvalidArgumentError('--rate must be tasks and a duration, such as "10/1m".');
  return { tasks: Number(tasks), perMs };
}

async function list(context: CliContext): Promise<void> {
  const found = await context.project().limits.list();
  context.answer(found, () => {
    const stopped = found.stopped ? [`All work is stopped: ${found.stopReason ?? ''} Go on with "torch resume".`] : [];
    return [...stopped, found.limits.length === 0 ? 'No limits.' : table(HEADER, found.limits.map(row))].join('\n');
  });
}

const HEADER = ['SCOPE', 'NAME', 'CONCURRENCY', 'RATE', 'QUEUED', 'WEIGHT', 'IN USE', 'WAITING'];
const row = ({ scope, name, concurrency, rate: perTime, queued, weight, inUse, waiting }: LimitView): string[] => [
  scope,
  name,
  String(concurrency ?? ''),
  perTime ? `${perTime.tasks} in ${duration(perTime.perMs)}` : '',
  String(queued ?? ''),
  String(weight ?? ''),
  String(inUse),
  String(waiting),
];

interface SetOptions {
  readonly concurrency?: number;
  readonly rate?: RateLimit;
  readonly burst?: number;
  readonly queued?: number;
  readonly weight?: number;
}

async function set(context: CliContext, scope: LimitScope, name: string, { burst, ...options }: SetOptions): Promise<void> {
  const setting = present({ concurrency: options.concurrency, rate: options.rate, queued: options.queued, weight: options.weight });
  if (Object.keys(setting).length === 0) throw wrongUsage('Give at least one of: --concurrency, --rate, --queued, --weight.');
  if (burst !== undefined && !setting.rate) throw wrongUsage('--burst goes with --rate.');
  const limit = burst === undefined ? setting : { ...setting, rate: { ...setting.rate, burst } as RateLimit };
  const { position } = await context.project().limits.set(scope, name, limit);
  context.answer({ scope, name, ...limit, position }, () => `The limit for ${limited(scope, name)} is set.`);
}

async function remove(context: CliContext, scope: LimitScope, name: string): Promise<void> {
  const { position } = await context.project().limits.remove(scope, name);
  context.answer({ scope, name, position }, () => `The limit for ${limited(scope, name)} is taken away.`);
}

const limited = (scope: LimitScope, name: string): string =>
  scope === 'project' ? 'the project' : name === LIMIT_FOR_ALL ? `each ${scope}` : `${scope} ${name}`;
