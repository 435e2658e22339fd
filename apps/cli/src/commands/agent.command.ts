import { runAgent } from '@torch/agent';
import {
  AGENT_ORDERS,
  AGENT_PRESENCES,
  AGENT_STATES,
  type AgentOrder,
  type AgentPresence,
  type AgentState,
  ID_PATTERN,
  NAME_PATTERN,
  RegisterAgent,
} from '@torch/contracts';
import { Option } from 'commander';
import { hostname } from 'node:os';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { EXIT } from '../exit-code';
import { withTelemetry } from '../trace';
import { agentDetails, agentsTable } from '../text/agents';
import { agentControlCommands } from './agent-control.commands';
import { type CommandGroup, examples, wholeNumber } from './command-group';
import { capacityOption, labelsOption, skillsOption, textOption } from './option-values';

const LIST_DEFAULT = 100;

export const agentCommand: CommandGroup = (program, io, exit) => {
  const agent = program.command('agent').description('Looks at agents, runs and stops them.');
  addList(agent, io, exit);
  agent
    .command('show')
    .argument('<agent>')
    .description('Shows one agent, what signs of life it gives, and how its attempts went.')
    .action(action(io, exit, show));
  agent
    .command('run')
    .description('Runs an agent here until it is stopped. The exec harness runs the shell commands of its tasks.')
    .addOption(new Option('--id <agent>', 'its id; default: from host and process').env('TORCH_AGENT_ID'))
    .addOption(new Option('--role <role>', 'tasks of this role').env('TORCH_AGENT_ROLE').default('developer'))
    .addOption(
      new Option('--skills <list>', 'what it can do, such as typescript:3,nest')
        .env('TORCH_AGENT_SKILLS')
        .argParser(skillsOption('--skills')),
    )
    .addOption(new Option('--labels <list>', 'such as region=eu,gpu=yes').env('TORCH_AGENT_LABELS').argParser(labelsOption('--labels')))
    .addOption(
      new Option('--capacity <n>', 'tasks at a time').env('TORCH_AGENT_CAPACITY').argParser(capacityOption('--capacity')).default(1),
    )
    .addOption(new Option('--harness <name>', 'what drives it').env('TORCH_AGENT_HARNESS').default('exec'))
    .addOption(
      new Option('--model <name>', 'the model that it uses; default: none is named')
        .env('TORCH_AGENT_MODEL')
        .argParser(textOption('--model', RegisterAgent, 'model')),
    )
    .addOption(
      new Option('--version <text>', 'of what drives it; default: none is named')
        .env('TORCH_AGENT_VERSION')
        .argParser(textOption('--version', RegisterAgent, 'version')),
    )
    .addOption(new Option('--instance <id>', 'tells two processes of one id apart; default: a fresh one').env('TORCH_AGENT_INSTANCE'))
    .option('--name <text>', 'for people')
    .addHelpText(
      'after',
      examples(
        'torch agent run --role developer --skills typescript,nest',
        'torch agent run --id builder-1 --role builder --capacity 4 --project shop',
        'torch agent run --role builder --model m-1 --version 2.3.0',
      ),
    )
    .action(action(io, exit, run));
  agent
    .command('stop')
    .argument('<agent>')
    .description('Stops an agent that Torch started.')
    .option('--reason <text>', 'why', 'Stopped from the command line.')
    .action(action(io, exit, stop));
  agentControlCommands(agent, io, exit);
};

const addList: CommandGroup = (agent, io, exit) => {
  agent
    .command('list')
    .description('Lists agents.')
    .option('--role <role>', 'of this role only')
    .option('--skills <list>', 'that have all of these skills, such as typescript:3,nest', skillsOption('--skills'))
    .option('--any-skill <list>', 'that have at least one of these skills', skillsOption('--any-skill'))
    .option('--labels <list>', 'that have all of these labels, such as region=eu,gpu=yes', labelsOption('--labels'))
    .addOption(new Option('--state <state>', 'in this state only').choices(AGENT_STATES))
    .addOption(new Option('--presence <presence>', 'that are so only').choices(AGENT_PRESENCES))
    .option('--free <n>', 'that can take so many more tasks', capacityOption('--free'))
    .option('--name <beginning>', 'whose name begins so')
    .addOption(new Option('--order <order>', 'score: the best record first').choices(AGENT_ORDERS))
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: 1000 }), LIST_DEFAULT)
    .option('--after <agent>', 'start behind this agent')
    .addHelpText(
      'after',
      examples('torch agent list --role developer --state idle', 'torch agent list --skills typescript:3 --free 1 --order score --limit 5'),
    )
    .action(action(io, exit, list));
};

interface ListOptions {
  readonly role?: string;
  readonly skills?: string[];
  readonly anySkill?: string[];
  readonly labels?: Record<string, string>;
  readonly state?: AgentState;
  readonly presence?: AgentPresence;
  readonly free?: number;
  readonly name?: string;
  readonly order?: AgentOrder;
  readonly limit: number;
  readonly after?: string;
}

async function list(context: CliContext, { name, ...filter }: ListOptions): Promise<void> {
  const found = await context.project().listAgents({ ...filter, namePrefix: name });
  context.answer(found, () => {
    if (found.agents.length === 0) return 'No agents.';
    const more = found.next === undefined ? [] : [`More: --after ${found.next}`];
    return [agentsTable(found.agents), ...more].join('\n');
  });
}

async function show(context: CliContext, agentId: string): Promise<void> {
  const agent = await context.project().getAgent(agentId);
  context.answer(agent, () => agentDetails(agent));
}

interface AgentRunOptions {
  readonly id?: string;
  readonly role: string;
  readonly skills?: string[];
  readonly labels?: Record<string, string>;
  readonly capacity: number;
  readonly harness: string;
  readonly model?: string;
  readonly version?: string;
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
      skills: options.skills ?? [],
      labels: options.labels,
      capacity: options.capacity,
      harness: options.harness,
      model: options.model,
      version: options.version,
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
