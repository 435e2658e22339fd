import type { CloudEvent } from '@torch/agent';
import { TASK_STATUSES, type TaskStatus, type TaskView } from '@torch/contracts';
import { Option } from 'commander';
import { action, type CliContext } from '../cli-context';
import { dateTime, duration, shortened } from '../text/format';
import { fields, table } from '../text/table';
import { historyTable } from '../text/history';
import { taskExplained } from '../text/task-explained';
import { type CommandGroup, examples, wholeNumber } from './command-group';
import { deadLetterCommands } from './dead-letter.commands';
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
    .option('--role <role>', 'of this role only')
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: LIST_MAX }), LIST_DEFAULT)
    .option('--after <task>', 'start behind this task')
    .addHelpText('after', examples('torch task list --status running --role builder', 'torch task list --run run-4f2a91 --json'))
    .action(action(io, exit, list));
  task
    .command('show')
    .argument('<task>')
    .description('Shows a task and its whole history: when, what, who, which attempt, which agent, why.')
    .addHelpText('after', examples('torch task show run-4f2a91.lint'))
    .action(action(io, exit, show));
  task
    .command('explain')
    .argument('<task>')
    .description('Says what a task waits for and how each agent stands to it, or why it has the agent that it has.')
    .addHelpText('after', examples('torch task explain run-4f2a91.lint', 'torch task explain run-4f2a91.lint --json'))
    .action(action(io, exit, explain));
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
    .option('--subtree', 'and everything that depends on it, directly or not')
    .option('--reason <text>', 'why', 'Cancelled from the command line.')
    .addHelpText('after', examples('torch task cancel run-4f2a91.build --subtree'))
    .action(action(io, exit, cancel));
  task
    .command('retry')
    .argument('<task>')
    .description('Puts a failed, given up or cancelled task back into the queue.')
    .action(action(io, exit, retry));
  task
    .command('priority')
    .argument('<task>')
    .argument('<priority>', '0 is first, 9 is last', wholeNumber('<priority>', { min: 0, max: 9 }))
    .description('Changes which tasks a waiting task comes before.')
    .addHelpText('after', examples('torch task priority run-4f2a91.lint 0'))
    .action(action(io, exit, prioritise));
  deadLetterCommands(task, io, exit);
};

interface ListOptions {
  readonly run?: string;
  readonly status?: TaskStatus;
  readonly role?: string;
  readonly limit: number;
  readonly after?: string;
}

async function list(context: CliContext, { run, ...filter }: ListOptions): Promise<void> {
  const found = await context.project().listTasks({ runId: run, ...filter });
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
    ['priority', task.priority ?? spec.priority],
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

async function explain(context: CliContext, taskId: string): Promise<void> {
  const explained = await context.project().explainTask(taskId);
  context.answer(explained, () => taskExplained(explained));
}

async function cancel(context: CliContext, taskId: string, { reason, subtree }: { reason: string; subtree?: boolean }): Promise<void> {
  const { position } = await context.project().cancelTask(taskId, reason, { subtree });
  context.answer({ taskId, position }, () => `Task ${taskId}${subtree ? ' and what depends on it' : ''} is cancelled.`);
}

async function retry(context: CliContext, taskId: string): Promise<void> {
  const { position } = await context.project().retryTask(taskId);
  context.answer({ taskId, position }, () => `Task ${taskId} is in the queue again.`);
}

async function prioritise(context: CliContext, taskId: string, priority: number): Promise<void> {
  const { position } = await context.project().setPriority(taskId, priority);
  context.answer({ taskId, priority, position }, () => `Task ${taskId} has priority ${priority}.`);
}
