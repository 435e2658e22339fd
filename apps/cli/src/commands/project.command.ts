import { DURABILITIES, PROJECT_PATTERN } from '@torch/contracts';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { dateTime } from '../text/format';
import { fields } from '../text/table';
import { type CommandGroup, examples } from './command-group';

export const projectCommand: CommandGroup = (program, io, exit) => {
  const project = program
    .command('project')
    .description('Creates and shows projects. Everything about one project is apart from every other.');
  project
    .command('create')
    .argument('<name>', '1 to 63 lower-case letters, digits or "-"')
    .description('Creates a project; does nothing when it exists.')
    .addHelpText('after', examples('torch project create shop'))
    .action(action(io, exit, create));
  project
    .command('set')
    .argument('<name>')
    .requiredOption('--acknowledge <level>', 'what acknowledgements of tasks and messages promise: memory, replicated or archived')
    .description('Sets what a project asks for.')
    .addHelpText('after', examples('torch project set shop --acknowledge archived'))
    .action(action(io, exit, set));
  project
    .command('release')
    .argument('<name>')
    .description('Tries a project again that services have quarantined, since their rules had failed on it: after an upgrade, for one.')
    .addHelpText('after', examples('torch project release shop', 'torch status'))
    .action(action(io, exit, release));
  project
    .command('show')
    .argument('<name>')
    .description('Shows a project.')
    .action(action(io, exit, show));
};

async function create(context: CliContext, name: string): Promise<void> {
  if (!PROJECT_PATTERN.test(name)) throw wrongUsage(`"${name}" is not a project name: 1 to 63 lower-case letters, digits or "-".`);
  const view = await context.gateway().createProject(name);
  context.answer({ project: name, ...view }, () => `Project ${name} is there.`);
}

async function set(context: CliContext, name: string, { acknowledge }: { acknowledge: string }): Promise<void> {
  const durability = DURABILITIES.find((level) => level === acknowledge);
  if (!durability) throw wrongUsage(`--acknowledge "${acknowledge}" is none of ${DURABILITIES.join(', ')}.`);
  const view = await context.gateway().setProject(name, { durability });
  context.answer({ project: name, ...view }, () => `Project ${name} acknowledges tasks and messages as ${durability}.`);
}

async function release(context: CliContext, name: string): Promise<void> {
  const found = await context.gateway().releaseProject(name);
  context.answer(
    found,
    () => `Project ${name} is tried again by ${found.services.map(({ service }) => service).join(', ')}; "torch status" says how it went.`,
  );
}

async function show(context: CliContext, name: string): Promise<void> {
  const view = await context.gateway().getProject(name);
  context.answer({ project: name, ...view }, () =>
    fields([
      ['project', name],
      ['acknowledges as', view.durability ?? 'the installation is set'],
      ['created', view.createdAtMs === undefined ? undefined : dateTime(view.createdAtMs)],
    ]),
  );
}
