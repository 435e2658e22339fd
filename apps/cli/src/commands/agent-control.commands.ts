import { UpdateAgent } from '@torch/contracts';
import { present } from '@torch/kernel';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { type CommandGroup, examples } from './command-group';
import { capacityOption, labelsOption, skillsOption, textOption } from './option-values';

/** `torch agent drain` and `torch agent update`. */
export const agentControlCommands: CommandGroup = (agent, io, exit) => {
  agent
    .command('drain')
    .argument('<agent>')
    .description('Lets an agent finish what it has; it gets nothing new until it registers again.')
    .option('--reason <text>', 'why', 'Drained from the command line.')
    .addHelpText('after', examples('torch agent drain builder-1 --reason "Its node is updated."'))
    .action(action(io, exit, drain));
  agent
    .command('update')
    .argument('<agent>')
    .description('Changes what an agent can do while it works. What is not given stays as it is.')
    .option('--skills <list>', 'all of its skills, such as typescript:3,nest', skillsOption('--skills'))
    .option('--labels <list>', 'all of its labels, such as region=eu,gpu=yes', labelsOption('--labels'))
    .option('--capacity <n>', 'tasks at a time', capacityOption('--capacity'))
    .option('--model <name>', 'the model that it uses', textOption('--model', UpdateAgent, 'model'))
    .addHelpText('after', examples('torch agent update builder-1 --skills typescript:4,nest --capacity 2'))
    .action(action(io, exit, update));
};

async function drain(context: CliContext, agentId: string, { reason }: { reason: string }): Promise<void> {
  const { position } = await context.project().drainAgent(agentId, reason);
  context.answer({ agentId, position }, () => `Agent ${agentId} finishes what it has, and gets nothing new.`);
}

interface UpdateOptions {
  readonly skills?: string[];
  readonly labels?: Record<string, string>;
  readonly capacity?: number;
  readonly model?: string;
}

async function update(context: CliContext, agentId: string, { skills, labels, capacity, model }: UpdateOptions): Promise<void> {
  const change = present({ skills, labels, capacity, model });
  if (Object.keys(change).length === 0) throw wrongUsage('Give at least one of: --skills, --labels, --capacity, --model.');
  const { position } = await context.project().updateAgent(agentId, change);
  context.answer({ agentId, ...change, position }, () => `Agent ${agentId} is changed: ${Object.keys(change).join(', ')}.`);
}
