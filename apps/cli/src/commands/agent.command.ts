import { runAgent } from '@torch/agent';
import { AGENT_PRESENCES, type AgentPresence, ID_PATTERN, NAME_PATTERN } from '@torch/contracts';
import { Option } from 'commander';
import { hostname } from 'node:os';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { EXIT } from '../exit-code';
import { withTelemetry } from '../trace';
import { ago, dateTime } from '../text/format';
import { fields, table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';

const LIST_DEFAULT = 100;
const CAPACITY_MAX = 1000;

export const agentCommand: CommandGroup = (program, io, exit) => {
  const agent = program.command('agent').description('Looks at agents, runs and stops them.');
  agent
    .command('list')
    .description('Lists agents.')
    .option('--role <role>', 'of this role only')
    .option('--skills <list>', 'that have all of these skills, separated by commas')
    .addOption(new Option('--presence <presence>', 'that are so only').choices(AGENT_PRESENCES))
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: 1000 }), LIST_DEFAULT)
    .option('--after <agent>', 'start behind this agent')
    .addHelpText('after', examples('torch agent list --role developer --presence live'))
    .action(action(io, exit, list));
  agent
    .command('show')
    .argument('<agent>')
    .description('Shows one agent.')
    .action(action(io, exit, show));
  agent
    .command('run')
    .description('Runs an agent here until it is stopped. The exec harness runs the shell commands of its tasks.')
    .addOption(new Option('--id <agent>', 'its id; default: from host and process').env('TORCH_AGENT_ID'))
    .addOption(new Option('--role <role>', 'tasks of this role').env('TORCH_AGENT_ROLE').default('developer'))
    .addOption(new Option('--skills <list>', 'what it can do, separated by commas').env('TORCH_AGENT_SKILLS'))
    .addOption(
      new Option('--capacity <n>', 'tasks at a time')
        .env('TORCH_AGENT_CAPACITY')
        .argParser(wholeNumber('--capacity', { min: 1, max: CAPACITY_MAX }))
        .default(1),
    )
    .addOption(new Option('--harness <name>', 'what drives it').env('TORCH_AGENT_HARNESS').default('exec'))
    .addOption(new Option('--instance <id>', 'tells two processes of one id apart; default: a fresh one').env('TORCH_AGENT_INSTANCE'))
    .option('--name <text>', 'for people')
    .addHelpText(
      'after',
      examples(
        'torch agent run --role developer --skills typescript,nest',
        'torch agent run --id builder-1 --role builder --capacity 4 --project shop',
      ),
    )
    .action(action(io, exit, run));
  agent
    .command('stop')
    .argument('<agent>')
    .description('Stops an agent that Torch started.')
    .option('--reason <text>', 'why', 'Stopped from the command line.')
    .action(action(io, exit, stop));
};

async function list(
  context: CliContext,
  options: { role?: string; skills?: string; presence?: AgentPresence; limit: number; after?: string },
): Promise<void> {
  const found = await context
    .project()
    .listAgents({ ...options, skills: options.skills === undefined ? undefined : namesOf('--skills', options.skills) });
  context.answer(found, () => {
    if (found.agents.length === 0) return 'No agents.';
    const rows = found.agents.map((agent) => [
      agent.agentId,
      agent.presence,
      agent.role,
      agent.skills.join(','),
      agent.harness,
      String(agent.completed),
      String(agent.failed),
      agent.lastSeenAtMs === undefined ? '' : ago(agent.lastSeenAtMs),
    ]);
    const more = found.next === undefined ? [] : [`More: --after ${found.next}`];
    return [table(['AGENT', 'PRESENCE', 'ROLE', 'SKILLS', 'HARNESS', 'DONE', 'FAILED', 'SEEN'], rows), ...more].join('\n');
  });
}

async function show(context: CliContext, agentId: string): Promise<void> {
  const agent = await context.project().getAgent(agentId);
  context.answer(agent, () =>
    fields([
      ['agent', agent.agentId],
      ['name', agent.name],
      ['presence', agent.presence],
      ['role', agent.role],
      ['skills', agent.skills.join(', ')],
      ['capacity', agent.capacity],
      ['harness', agent.harness],
      ['instance', agent.instance],
      ['node', agent.node],
      ['pid', agent.pid],
      ['registered', dateTime(agent.registeredAtMs)],
      ['last seen', agent.lastSeenAtMs === undefined ? undefined : ago(agent.lastSeenAtMs)],
      ['completed', agent.completed],
      ['failed', agent.failed],
    ]),
  );
}

interface AgentRunOptions {
  readonly id?: string;
  readonly role: string;
  readonly skills?: string;
  readonly capacity: number;
  readonly harness: string;
  readonly instance?: string;
  readonly name?: string;
}

async function run(context: CliContext, options: AgentRunOptions): Promise<number> {
  const agentId = options.id ?? `${hostname()}-${process.pid}`.replaceAll(/[^A-Za-z0-9._:-]/g, '-');
  if (!ID_PATTERN.test(agentId)) throw wrongUsage(`--id "${agentId}" must be 1 to 128 letters, digits, ".", "_", ":" or "-".`);
  if (!NAME_PATTERN.test(options.role))
    throw wrongUsage(`--role "${options.role}" must be 1 to 64 lower-case letters, digits, ".", "_" or "-".`);
  const start = (): ReturnType<typeof runAgent> =>
    runAgent({
      ...context.gatewayOptions(),
      project: context.projectName,
      agentId,
      role: options.role,
      skills: options.skills === undefined ? [] : namesOf('--skills', options.skills),
      capacity: options.capacity,
      harness: options.harness,
      instance: options.instance,
      name: options.name,
      node: context.io.env.TORCH_NODE,
    });
  const end = await withTelemetry('torch-agent', context.io.env.OTEL_EXPORTER_OTLP_ENDPOINT, start);
  context.note(`Agent ${agentId} has ended (${end.kind}): ${end.reason}`);
  return end.kind === 'stopped' ? EXIT.done : EXIT.failed;
}

async function stop(context: CliContext, agentId: string, { reason }: { reason: string }): Promise<void> {
  const { position } = await context.project().stopAgent(agentId, reason);
  context.answer({ agentId, position }, () => `Agent ${agentId} is being stopped.`);
}

function namesOf(option: string, list: string): string[] {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const bad = names.find((name) => !NAME_PATTERN.test(name));
  if (bad !== undefined) throw wrongUsage(`${option}: "${bad}" must be 1 to 64 lower-case letters, digits, ".", "_" or "-".`);
  return names;
}
