import { Command } from 'commander';
import type { CliIo } from './cli-io';
import { agentCommand } from './commands/agent.command';
import { approvalCommands } from './commands/approval.command';
import { auditCommand } from './commands/audit.command';
import { backupCommand } from './commands/backup.command';
import { budgetCommands } from './commands/budget.command';
import { claimCommand } from './commands/claim.command';
import { type CommandGroup, examples } from './commands/command-group';
import { conflictCommand } from './commands/conflict.command';
import { contextCommand } from './commands/context.command';
import { doctorCommand } from './commands/doctor.command';
import { downCommand } from './commands/down.command';
import { limitCommand } from './commands/limit.command';
import { logCommand } from './commands/log.command';
import { logServerCommand } from './commands/log-server.command';
import { messageCommands } from './commands/message.command';
import { poolCommand } from './commands/pool.command';
import { projectCommand } from './commands/project.command';
import { runCommand } from './commands/run.command';
import { scheduleCommand } from './commands/schedule.command';
import { stateCommand } from './commands/state.command';
import { statusCommand } from './commands/status.command';
import { taskCommand } from './commands/task.command';
import { upCommand } from './commands/up.command';
import { whyCommand } from './commands/why.command';
import { workCommands } from './commands/work.command';

const GROUPS: readonly CommandGroup[] = [
  upCommand,
  downCommand,
  statusCommand,
  runCommand,
  taskCommand,
  agentCommand,
  projectCommand,
  messageCommands,
  poolCommand,
  workCommands,
  limitCommand,
  budgetCommands,
  approvalCommands,
  scheduleCommand,
  claimCommand,
  contextCommand,
  conflictCommand,
  logCommand,
  logServerCommand,
  stateCommand,
  whyCommand,
  auditCommand,
  backupCommand,
  doctorCommand,
];

/** Every command, its options and help. `exit` is told the exit code of the one that ran. */
export function buildProgram(io: CliIo, exit: (code: number) => void): Command {
  const program = new Command('torch')
    .description('Runs fleets of autonomous coding agents on one append-only event log.')
    .option('--data <dir>', 'data directory; default: TORCH_DATA_DIR or .torch')
    .option('--url <url>', "the gateway; default: TORCH_URL or that of the data directory's Torch")
    .option('--token <token>', "default: TORCH_TOKEN or the data directory's")
    .option('--project <name>', 'default: TORCH_PROJECT or default')
    .option('--durability <level>', 'what an acknowledgement promises: memory, replicated or archived; default: what the project says')
    .option('--json', 'answer in JSON; progress and hints go to stderr')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(see --help)')
    .addHelpText(
      'after',
      `${examples('torch up --detach', 'torch run examples/self-check.yaml', 'torch task show <id>', 'torch down')}\ntorch --version says which Torch this is.\nExit codes: 0 done, 1 the work failed, 2 wrong usage, 3 Torch is not reachable.\n`,
    );
  for (const add of GROUPS) add(program, io, exit);
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  }
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
