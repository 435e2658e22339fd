import type { CommandEvidence } from '@torch/contracts';
import { attended } from '../exec/attended-process';
import { TaskProcess } from '../exec/task-process';
import type { WorkContext } from '../session/harness';

const TAIL_CHARS_MAX = 2000;
const COMMAND_SHOWN_CHARS_MAX = 200;

export interface EvidenceCommand {
  readonly command: string;
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of the attempt that it belongs to: the command has what is left of its time. */
  readonly startedAtMs: number;
  readonly timeoutMs: number;
}

/**
 * Runs the command that has to succeed; what it writes goes to the attempt's output. `timed-out`: the attempt's time was over
 * before it had ended.
 *
 * @throws CannotStart
 */
export async function commandEvidence(options: EvidenceCommand, context: WorkContext): Promise<CommandEvidence | 'timed-out'> {
  const { command, directory, env } = options;
  await context.output(Buffer.from(`[torch] Evidence: ${command.slice(0, COMMAND_SHOWN_CHARS_MAX)}\n`));
  const task = await TaskProcess.start({ command, cwd: directory, env });
  const { exitCode, timedOut, tail } = await attended(task, options, context);
  return timedOut ? 'timed-out' : { command, exitCode, outputTail: tail.text(TAIL_CHARS_MAX) };
}
