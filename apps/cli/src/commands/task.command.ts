import type { CloudEvent } from '@torch/agent';
import { TASK_STATUSES, type TaskStatus, type TaskView } from '@torch/contracts';
import { Option } from 'commander';
import { action, type CliContext } from '../cli-context';
import { dateTime, duration, shortened } from '../text/format';
import { fields, table } from '../text/table';
import { historyTable } from '../text/history';
import { type CommandGroup, examples, wholeNumber } from './command-group';
import { once } from 'node:events';

const LIST_DEFAULT = 50;
const LIST_MAX = 2000;

export const taskCommand: CommandGroup = (program, io, exit) => {
  const task = program.command('task').description('Looks at tasks and acts on them.');
  task
    .command('list')
    .description('Lists tasks in the order in which they were submitted.')
    .option('--run <run>', 'of this run only')
    .addOption(new Option('--status <status>', 'in this state only').choices(TASK_STATUSES))
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: LIST_MAX }), LIST_DEFAULT)
    .option('--after <task>', 'start behind this task')
    .addHelpText('after', examples('torch task list --status running', 'torch task list --run run-4f2a91 --json'))
    .action(action(io, exit, list));
  task
    .command('show')
    .argument('<task>')
    .description('Shows a task and its whole history: when, what, who, which attempt, which agent, why.')
    .addHelpText('after', examples('torch task show run-4f2a91.lint'))
    .action(action(io, exit, show));
  task
    .command('logs')
    .argument('<task>')
    .description('Prints what a task has written.')
    .option('-f, --follow', 'go on until the attempt has ended')
    .option('--attempt <n>', 'of this attempt; default: the last one', wholeNumber('--attempt', { min: 1, max: 1_000_000 }))
    .addHelpText('after', examples('torch task logs run-4f2a91.lint --follow', 'torch task logs run-4f2a91.lint --attempt 1'))
    .action(action(io, exit, logs));
  task
    .command('cancel')
    .argument('<task>')
    .description('Cancels a task; what runs is stopped.')
    .option('--reason <text>', 'why', 'Cancelled from the command line.')
    .action(action(io, exit, cancel));
  task
    .command('retry')
    .argument('<task>')
    .description('Puts a failed, given up or cancelled task back into the queue.')
    .action(action(io, exit, retry));
};

async function list(context: CliContext, options: { run?: string; status?: TaskStatus; limit: number; after?: string }): Promise<void> {
  const found = await context
    .project()
    .listTasks({ runId: options.run, status: options.status, limit: options.limit, after: options.after });
  context.answer(found, () => {
    if (found.tasks.length === 0) return 'No tasks.';
    const rows = found.tasks.map((task) => [
      task.spec.taskId,
      task.status,
      task.spec.role,
      String(task.attempt),
      task.agentId ?? '',
      took(task),
      shortened(task.spec.title, 40),
    ]);
    const more = found.next === undefined ? [] : [`More: --after ${found.next}`];
    return [table(['TASK', 'STATUS', 'ROLE', 'ATTEMPT', 'AGENT', 'TOOK', 'TITLE'], rows), ...more].join('\n');
  });
}

async function show(context: CliContext, taskId: string): Promise<void> {
  const project = context.project();
  const [task, { events }] = await Promise.all([project.getTask(taskId), project.taskHistory(taskId)]);
  context.answer({ task, events }, () => `${describe(task)}\n\n${historyText(events)}`);
}

function describe({ spec, ...task }: TaskView): string {
  return fields([
    ['task', spec.taskId],
    ['title', spec.title],
    ['status', task.status],
    ['run', task.runId],
    ['role', [spec.role, ...spec.skills.map((skill) => `+${skill}`)].join(' ')],
    ['command', spec.run && shortened(spec.run, 200)],
    ['prompt', spec.prompt && shortened(spec.prompt, 200)],
    ['directory', spec.cwd],
    ['depends on', spec.dependsOn.join(', ')],
    ['priority', spec.priority],
    ['attempts', `${task.attempt} of ${spec.retries + 1}`],
    ['agent', task.agentId],
    ['submitted', dateTime(task.submittedAtMs)],
    ['took', took({ spec, ...task })],
    ['exit code', task.exitCode],
    ['reason', task.reason],
    ['correlation', task.correlationId],
  ]);
}

const historyText = (events: readonly CloudEvent[]): string => (events.length === 0 ? 'No history.' : historyTable(events));

function took({ status, durationMs, startedAtMs, endedAtMs }: TaskView): string {
  if (durationMs !== undefined) return duration(durationMs);
  if (startedAtMs === undefined) return '';
  return status === 'running' ? duration(Date.now() - startedAtMs) : endedAtMs === undefined ? '' : duration(endedAtMs - startedAtMs);
}

async function logs(context: CliContext, taskId: string, { follow, attempt }: { follow?: boolean; attempt?: number }): Promise<void> {
  const { stdout } = context.io;
  for await (const chunk of context.project().taskOutput(taskId, { attempt, follow })) {
    if (context.json) stdout.write(`${JSON.stringify({ taskId, attempt, output: Buffer.from(chunk).toString('utf8') })}\n`);
    else if (!stdout.write(chunk)) await once(stdout, 'drain');
  }
}

async function cancel(context: CliContext, taskId: string, { reason }: { reason: string }): Promise<void> {
  const { position } = await context.project().cancelTask(taskId, reason);
  context.answer({ taskId, position }, () => `Task ${taskId} is cancelled.`);
}

async function retry(context: CliContext, taskId: string): Promise<void> {
  const { position } = await context.project().retryTask(taskId);
  context.answer({ taskId, position }, () => `Task ${taskId} is in the queue again.`);
}
