import { InvalidArgumentError } from 'commander';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { readPlan } from '../plan/plan.reader';
import { runPlan, watchRun } from '../run/run.plan';
import { replayRun, SPEED_MAX, SPEED_MIN } from '../run/run.replay';
import { RunProgress, type WatchedTask } from '../run/run.progress';
import { allTasks } from '../run/run.result';
import { withTrace } from '../trace';
import { type CommandGroup, examples } from './command-group';

interface RunOptions {
  readonly detach?: boolean;
  readonly createProject?: boolean;
  readonly follow?: string;
  readonly cancel?: string;
  readonly reason: string;
}

export const runCommand: CommandGroup = (program, io, exit) => {
  const command = program
    .command('run')
    .argument('[plan]', 'a plan, as YAML or JSON')
    .description('Runs a plan and shows it live. Exits with 0 only when every task completed; Ctrl-C stops the watching, not the run.')
    .option('-d, --detach', 'submit, print the run id and return')
    .option('--create-project', 'create the project when it does not exist')
    .option('--follow <run>', 'watch a run that was submitted before')
    .option('--cancel <run>', 'cancel a run')
    .option('--reason <text>', 'why it is cancelled', 'Cancelled from the command line.')
    .addHelpText(
      'after',
      examples(
        'torch run examples/self-check.yaml',
        'torch run plan.yaml --json > result.json',
        'torch run plan.yaml --detach --project shop --create-project',
        'torch run --follow run-4f2a91',
      ),
    )
    .action(action(io, exit, run));
  command
    .command('replay')
    .argument('<run>')
    .description('Shows a run again as it happened, from the log, without doing anything. Needs no running Torch; Ctrl-C ends it.')
    .option('--speed <n>', 'how many times as fast as it was, or max for without a pause', speed, 1)
    .option('--archive <dir>', 'read this archive alone')
    .addHelpText('after', examples('torch run replay run-4f2a91 --speed 10', 'torch run replay run-4f2a91 --speed max --json'))
    .action(action(io, exit, replayRun));
};

/** @throws an error that names the option, for commander to show with the usage. */
function speed(text: string): number {
  if (text === 'max') return Infinity;
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < SPEED_MIN || value > SPEED_MAX)
    throw new InvalidArgumentError(`--speed must be max, or a number from ${SPEED_MIN} to ${SPEED_MAX}.`);
  return value;
}

async function run(context: CliContext, path: string | undefined, options: RunOptions): Promise<number> {
  const asked = [path, options.follow, options.cancel].filter((given) => given !== undefined).length;
  if (asked !== 1) throw wrongUsage('Give one of: a plan, --follow <run>, --cancel <run>. See "torch run --help".');
  if (options.cancel !== undefined) return cancel(context, options.cancel, options.reason);
  if (options.follow !== undefined) return follow(context, options.follow);
  // Read and checked before anybody is asked for anything.
  const file = readPlan(path ?? '');
  const { exitCode } = await withTrace('torch run', context.io.env.OTEL_EXPORTER_OTLP_ENDPOINT, (traceparent) =>
    runPlan(context, file, { ...options, traceparent }),
  );
  return exitCode;
}

async function follow(context: CliContext, runId: string): Promise<number> {
  const gateway = context.gateway();
  const project = gateway.project(context.projectName);
  await project.getRun(runId);
  const tasks = new Map<string, WatchedTask>();
  for (const { spec, status, attempt, agentId, startedAtMs, submittedAtMs } of await allTasks(project, runId)) {
    tasks.set(spec.taskId, { key: spec.key, title: spec.title, status, attempt, agentId, sinceMs: startedAtMs ?? submittedAtMs });
  }
  // From now on: what happened before is in the tasks already. The first poll finds a run that has ended meanwhile.
  const { exitCode } = await watchRun(context, gateway, {
    accepted: { runId },
    project: context.projectName,
    progress: new RunProgress(runId, tasks),
  });
  return exitCode;
}

async function cancel(context: CliContext, runId: string, reason: string): Promise<number> {
  const { position } = await context.project().cancelRun(runId, reason);
  context.answer({ runId, position }, () => `Run ${runId} is being cancelled.`);
  return 0;
}
