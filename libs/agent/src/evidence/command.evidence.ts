import type { CommandEvidence } from '@torch/contracts';
import { STOP_KILL_GRACE_MS_DEFAULT } from '../exec/exec.harness';
import { OutputTail } from '../exec/output-tail';
import { TaskOutput } from '../exec/task-output';
import { TaskProcess } from '../exec/task-process';
import type { WorkContext } from '../session/harness';
import { TimeLimit } from '../session/time-limit';

const TAIL_CHARS_MAX = 2000;
const COMMAND_SHOWN_CHARS_MAX = 200;

export interface EvidenceCommand {
  readonly command: string;
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Of the attempt that it belongs to: the command has what is left of its time. */
  readonly startedAtMs: number;
  readonly timeoutMs: number;
  readonly killGraceMs?: number;
}

/**
 * Runs the command that has to succeed; what it writes goes to the attempt's output. `timed-out`: the attempt's time was over
 * before it had ended.
 *
 * @throws CannotStart
 */
export async function commandEvidence(options: EvidenceCommand, context: WorkContext): Promise<CommandEvidence | 'timed-out'> {
  const { command, directory, env, startedAtMs, timeoutMs, killGraceMs } = options;
  await context.output(Buffer.from(`[torch] Evidence: ${command.slice(0, COMMAND_SHOWN_CHARS_MAX)}\n`));
  const task = await TaskProcess.start({ command, cwd: directory, env, killGraceMs });
  let timedOut = false;
  const onOver = (): void => {
    timedOut = true;
    void task.end();
  };
  const limit = new TimeLimit({ limitMs: timeoutMs, startedAtMs, waited: () => context.waited(), onOver });
  const stop = (): void => void task.end(context.stopping() ? STOP_KILL_GRACE_MS_DEFAULT : undefined);
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  const tail = new OutputTail();
  const output = new TaskOutput(task, tail, (chunk) => context.output(chunk));
  const exitCode = await task.finished();
  limit.end();
  context.signal.removeEventListener('abort', stop);
  await output.drained();
  return timedOut ? 'timed-out' : { command, exitCode, outputTail: lastChars(tail.text()) };
}

/** Not from the middle of a character. */
const lastChars = (text: string): string => text.slice(-TAIL_CHARS_MAX).replace(/^[\uDC00-\uDFFF]/, '');
