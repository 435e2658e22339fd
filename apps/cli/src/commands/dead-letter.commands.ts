import { type RedriveTasks, REDRIVE_MAX, type TaskView } from '@torch/contracts';
import { present } from '@torch/kernel';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { dateTime, shortened } from '../text/format';
import { table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';

const LIST_DEFAULT = 50;
const LIST_MAX = 2000;
const PAGE = 500;

/** `torch task dead` and `torch task redrive`. */
export const deadLetterCommands: CommandGroup = (task, io, exit) => {
  task
    .command('dead')
    .description('Lists dead letters: tasks that were given up, and why.')
    .option('--role <role>', 'of this role only')
    .option('--run <run>', 'of this run only')
    .option('--reason <text>', 'whose reason contains this')
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: LIST_MAX }), LIST_DEFAULT)
    .addHelpText('after', examples('torch task dead', 'torch task dead --role builder --reason "exit code 137"'))
    .action(action(io, exit, dead));
  task
    .command('redrive')
    .argument('[tasks...]', 'these dead letters')
    .description('Takes dead letters up again, with all their attempts.')
    .option('--all', 'all of them, or all that fit the following; the oldest first')
    .option('--role <role>', 'of this role')
    .option('--run <run>', 'of this run')
    .option('--kind <kind>', 'of this kind of work')
    .option('--reason <text>', 'whose reason contains this')
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: REDRIVE_MAX }))
    .addHelpText(
      'after',
      examples('torch task redrive run-4f2a91.lint', 'torch task redrive --all --role builder --reason "disk full" --limit 100'),
    )
    .action(action(io, exit, redrive));
};

interface DeadOptions {
  readonly role?: string;
  readonly run?: string;
  readonly reason?: string;
  readonly limit: number;
}

async function dead(context: CliContext, { role, run, reason, limit }: DeadOptions): Promise<void> {
  const tasks: TaskView[] = [];
  for await (const task of deadLetters(context, present({ role, runId: run }))) {
    if (reason !== undefined && !task.reason?.includes(reason)) continue;
    tasks.push(task);
    if (tasks.length === limit) break;
  }
  context.answer({ tasks }, () => {
    if (tasks.length === 0) return 'No dead letters.';
    const rows = tasks.map((task) => [
      task.spec.taskId,
      task.spec.role,
      String(task.attempt),
      task.endedAtMs === undefined ? '' : dateTime(task.endedAtMs),
      shortened(task.reason ?? '', 100),
    ]);
    return `${table(['TASK', 'ROLE', 'ATTEMPTS', 'GIVEN UP', 'REASON'], rows)}\nTake them up again with "torch task redrive <task>".`;
  });
}

async function* deadLetters(context: CliContext, filter: { role?: string; runId?: string }): AsyncGenerator<TaskView, void, void> {
  const project = context.project();
  for (let after: string | undefined; ;) {
    const page = await project.listTasks({ ...filter, status: 'dead-lettered', limit: PAGE, after });
    yield* page.tasks;
    if (page.next === undefined) return;
    after = page.next;
  }
}

interface RedriveOptions {
  readonly all?: boolean;
  readonly role?: string;
  readonly run?: string;
  readonly kind?: string;
  readonly reason?: string;
  readonly limit?: number;
}

async function redrive(context: CliContext, taskIds: string[], { all, run, ...filter }: RedriveOptions): Promise<void> {
  const which: RedriveTasks = present({ runId: run, ...filter });
  if (taskIds.length > 0 === (all === true)) throw wrongUsage('Give either tasks, or --all.');
  if (!all && Object.keys(which).length > 0) throw wrongUsage('--role, --run, --kind, --reason and --limit go with --all.');
  if (taskIds.length > REDRIVE_MAX) throw wrongUsage(`${taskIds.length} tasks were given; at most ${REDRIVE_MAX} are taken up at a time.`);
  const { position } = await context.project().redriveTasks(all ? which : { taskIds });
  const upTo = which.limit ?? REDRIVE_MAX;
  context.answer({ ...(all ? which : { taskIds }), position }, () =>
    all ? `Dead letters that fit are in the queue again, up to ${upTo} of them.` : `In the queue again: ${taskIds.join(', ')}.`,
  );
}
