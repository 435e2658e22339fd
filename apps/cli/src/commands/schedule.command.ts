import type { ScheduleBody } from '@torch/agent';
import {
  MISSED_POLICIES,
  type MissedPolicy,
  OVERLAP_POLICIES,
  type OverlapPolicy,
  planTaskOf,
  type PlanTask,
  type ScheduleView,
} from '@torch/contracts';
import { present } from '@torch/kernel';
import { Option } from 'commander';
import { resolve } from 'node:path';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { withWorkingDirectories } from '../plan/plan.paths';
import { readPlan } from '../plan/plan.reader';
import { dateTime } from '../text/format';
import { table } from '../text/table';
import { type CommandGroup, examples } from './command-group';

export const scheduleCommand: CommandGroup = (program, io, exit) => {
  const schedule = program.command('schedule').description('Looks at tasks that come again and again, and sets them.');
  schedule
    .command('list')
    .description('Lists schedules and when they are next due.')
    .action(action(io, exit, list));
  schedule
    .command('set')
    .argument('<schedule>', 'its id')
    .argument('[plan]', 'a plan with the one task; or give --role with --run or --prompt')
    .description('Sets a schedule; it replaces the one of the same id.')
    .requiredOption('--cron <expression>', 'five or six fields, or @daily and the like')
    .option('--zone <name>', 'time zone, such as Europe/Berlin; default UTC')
    .addOption(new Option('--overlap <policy>', 'when the run before has not ended').choices(OVERLAP_POLICIES))
    .addOption(new Option('--missed <policy>', 'what becomes of times that passed while nothing could start').choices(MISSED_POLICIES))
    .option('--paused', 'it is not due until "torch schedule resume"')
    .option('--role <role>', 'whose task it is')
    .option('--run <command>', 'a shell command')
    .option('--prompt <text>', 'an instruction for a coding agent')
    .option('--title <text>', 'for people')
    .addHelpText(
      'after',
      examples(
        'torch schedule set nightly nightly.yaml --cron "0 3 * * *" --zone Europe/Berlin',
        'torch schedule set sweep --cron @hourly --role builder --run "make clean" --overlap replace',
      ),
    )
    .action(action(io, exit, set));
  schedule
    .command('remove')
    .argument('<schedule>')
    .description('Removes a schedule. Runs that it has started go on.')
    .action(action(io, exit, remove));
  schedule
    .command('pause')
    .argument('<schedule>')
    .description('Keeps a schedule, and starts nothing.')
    .action(action(io, exit, pausing(true)));
  schedule
    .command('resume')
    .argument('<schedule>')
    .description('Lets a paused schedule go on with its next time.')
    .action(action(io, exit, pausing(false)));
};

async function list(context: CliContext): Promise<void> {
  const found = await context.project().schedules.list();
  context.answer(found, () => {
    if (found.schedules.length === 0) return 'No schedules.';
    const rows = found.schedules.map((view) => [
      view.scheduleId,
      view.cron,
      view.timeZone ?? 'UTC',
      view.task.role,
      [view.overlap, view.missed].filter(Boolean).join(', '),
      nextOf(view),
      view.lastRunId ?? '',
    ]);
    return table(['SCHEDULE', 'CRON', 'ZONE', 'ROLE', 'OVERLAP, MISSED', 'NEXT', 'LAST RUN'], rows);
  });
}

function nextOf({ paused, nextAtMs }: ScheduleView): string {
  if (paused) return 'paused';
  return nextAtMs === undefined ? 'never' : dateTime(nextAtMs);
}

interface InlineTask {
  readonly role?: string;
  readonly run?: string;
  readonly prompt?: string;
  readonly title?: string;
}

interface SetOptions extends InlineTask {
  readonly cron: string;
  readonly zone?: string;
  readonly overlap?: OverlapPolicy;
  readonly missed?: MissedPolicy;
  readonly paused?: boolean;
}

async function set(context: CliContext, scheduleId: string, plan: string | undefined, options: SetOptions): Promise<void> {
  const { cron, zone, overlap, missed, paused, role, run, prompt, title } = options;
  const inline = present({ role, run, prompt, title });
  if (plan !== undefined && Object.keys(inline).length > 0) throw wrongUsage('--role, --run, --prompt and --title go without a plan.');
  const task = plan === undefined ? taskOf(context, scheduleId, inline) : onlyTask(context, plan);
  const body: ScheduleBody = { cron, task, ...present({ timeZone: zone, overlap, missed, paused }) };
  const { position } = await context.project().schedules.set(scheduleId, body);
  context.answer({ scheduleId, ...body, position }, () => `Schedule ${scheduleId} is set: ${cron}, ${zone ?? 'UTC'}.`);
}

function taskOf({ io }: CliContext, key: string, { role, ...work }: InlineTask): PlanTask {
  if (role === undefined || (work.run === undefined) === (work.prompt === undefined))
    throw wrongUsage('Give a plan with the one task, or --role and one of --run and --prompt.');
  return { key, role, ...work, cwd: resolve(io.cwd) };
}

function onlyTask({ io }: CliContext, path: string): PlanTask {
  const { plan } = readPlan(resolve(io.cwd, path));
  const [task, another] = withWorkingDirectories({ tasks: plan.tasks }, io.cwd).tasks;
  if (!task || another || plan.agents) throw wrongUsage(`${path}: A schedule's plan is one task, without agents.`);
  return task;
}

async function remove(context: CliContext, scheduleId: string): Promise<void> {
  const { position } = await context.project().schedules.remove(scheduleId);
  context.answer({ scheduleId, position }, () => `Schedule ${scheduleId} is removed.`);
}

/** Set as it is, but for being paused. */
const pausing =
  (paused: boolean) =>
  async (context: CliContext, scheduleId: string): Promise<void> => {
    const { schedules } = context.project();
    const { cron, timeZone, overlap, missed, task } = await schedules.get(scheduleId);
    const body: ScheduleBody = { cron, paused, task: planTaskOf(task), ...present({ timeZone, overlap, missed }) };
    const { position } = await schedules.set(scheduleId, body);
    context.answer({ scheduleId, paused, position }, () => `Schedule ${scheduleId} ${paused ? 'is paused' : 'goes on'}.`);
  };
