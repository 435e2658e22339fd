import { action, type CliContext } from '../cli-context';
import { type CommandGroup, examples } from './command-group';

export const workCommands: CommandGroup = (program, io, exit) => {
  program
    .command('stop-all')
    .description(
      'Stops all work of the project: nothing new is started, and what runs is told to stop. Nothing is lost, no attempt is spent.',
    )
    .option('--reason <text>', 'why', 'Stopped from the command line.')
    .addHelpText('after', examples('torch stop-all --reason "The build machine is on fire."', 'torch resume'))
    .action(action(io, exit, stopAll));
  program
    .command('resume')
    .description('Lets the work of the project go on.')
    .addHelpText('after', examples('torch resume --project shop'))
    .action(action(io, exit, resume));
};

async function stopAll(context: CliContext, { reason }: { reason: string }): Promise<void> {
  const { position } = await context.project().limits.stopAll(reason);
  context.answer({ project: context.projectName, stopped: true, position }, () => {
    return `All work of project ${context.projectName} is stopped. Go on with "torch resume".`;
  });
}

async function resume(context: CliContext): Promise<void> {
  const { position } = await context.project().limits.resume();
  context.answer({ project: context.projectName, stopped: false, position }, () => `The work of project ${context.projectName} goes on.`);
}
