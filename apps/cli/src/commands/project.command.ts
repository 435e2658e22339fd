import { PROJECT_PATTERN } from '@torch/contracts';
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

async function show(context: CliContext, name: string): Promise<void> {
  const view = await context.gateway().getProject(name);
  context.answer({ project: name, ...view }, () =>
    fields([
      ['project', name],
      ['created', view.createdAtMs === undefined ? undefined : dateTime(view.createdAtMs)],
    ]),
  );
}
