import type { WorkContext } from '../session/harness';
import { TimeLimit } from '../session/time-limit';
import { OutputTail } from './output-tail';
import { TaskOutput } from './task-output';
import type { TaskProcess } from './task-process';

/** Between SIGTERM and SIGKILL, when the agent itself is being stopped or nothing is left to spend. */
export const STOP_KILL_GRACE_MS_DEFAULT = 1000;

export interface AttendOptions {
  /** Of the attempt: the process has what is left of its time. */
  readonly timeoutMs: number;
  readonly startedAtMs: number;
  /** Default `STOP_KILL_GRACE_MS_DEFAULT`. */
  readonly stopGraceMs?: number;
}

/** How a process of an attempt has ended. */
export interface Attended {
  readonly exitCode: number;
  /** It was ended because the attempt's time was over. */
  readonly timedOut: boolean;
  readonly tail: OutputTail;
}

/**
 * Sees a process of an attempt to its end: what it writes goes to the attempt's output, and it is ended with the attempt, or when
 * the attempt's time is over. Nothing of its group is left then.
 */
export async function attended(task: TaskProcess, options: AttendOptions, context: WorkContext): Promise<Attended> {
  const { timeoutMs, startedAtMs, stopGraceMs = STOP_KILL_GRACE_MS_DEFAULT } = options;
  let timedOut = false;
  const onOver = (): void => {
    timedOut = true;
    void task.end();
  };
  const limit = new TimeLimit({ limitMs: timeoutMs, startedAtMs, waited: () => context.waited(), onOver });
  const stop = (): void => void task.end(context.stopping() ? stopGraceMs : undefined);
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  const tail = new OutputTail();
  const output = new TaskOutput(task, tail, (chunk) => context.output(chunk));
  const exitCode = await task.finished();
  limit.end();
  context.signal.removeEventListener('abort', stop);
  await output.drained();
  return { exitCode, timedOut, tail };
}
