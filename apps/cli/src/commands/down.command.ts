import { type StopReport, stopTorch } from '@torch/dev';
import { existsSync } from 'node:fs';
import { action, type CliContext } from '../cli-context';
import { EXIT } from '../exit-code';
import { type CommandGroup, examples } from './command-group';

export const downCommand: CommandGroup = (program, io, exit) => {
  program
    .command('down')
    .description('Stops the Torch of the data directory, agents included, within 10 s. What a killed Torch left behind is ended too.')
    .addHelpText('after', examples('torch down', 'torch down --data /srv/torch'))
    .action(action(io, exit, down));
};

async function down(context: CliContext): Promise<number> {
  const nothing: StopReport = { inOrder: true, leftovers: [], agents: [] };
  const report = existsSync(context.dataDir.root) ? await stopTorch(context.dataDir) : nothing;
  const stopped = report.pid !== undefined || report.leftovers.length > 0 || report.agents.length > 0;
  context.answer({ stopped, ...report }, () =>
    stopped ? describe(report).join('\n') : `Torch is not running on ${context.dataDir.root}.`,
  );
  return EXIT.done;
}

function describe({ pid, inOrder, leftovers, agents }: StopReport): string[] {
  return [
    ...(pid === undefined ? [] : [inOrder ? `Torch (pid ${pid}) has stopped.` : `Torch (pid ${pid}) did not stop in time and was killed.`]),
    ...(leftovers.length > 0 ? [`Ended what was left running: ${leftovers.join(', ')}.`] : []),
    ...(agents.length > 0 ? [`Ended agents: ${agents.join(', ')}.`] : []),
  ];
}
