import type { Work } from '../http/gateway.answers';
import type { Harness, WorkContext, WorkOutcome } from '../session/harness';
import { OutputTail } from './output-tail';
import { CannotStart, TaskProcess } from './task-process';

/** For the last output to come through the pipe once the process group is gone; only a process that left the group holds it longer. */
const DRAIN_MS = 1000;

export interface ExecOptions {
  /** Between SIGTERM and SIGKILL, on time-out and cancel. */
  readonly killGraceMs?: number;
  /** As `killGraceMs`, when the agent itself is being stopped. */
  readonly stopGraceMs?: number;
}

export const STOP_KILL_GRACE_MS_DEFAULT = 1000;

/** Runs a task's `run` command in a shell. */
export class ExecHarness implements Harness {
  readonly name = 'exec';

  constructor(private readonly options: ExecOptions = {}) {}

  async onWork(work: Work, context: WorkContext): Promise<WorkOutcome> {
    const { spec } = work;
    if (spec.run === undefined)
      return permanent(`Task "${spec.key}" has a "prompt" and no "run": the exec harness runs shell commands only.`);
    let task: TaskProcess;
    try {
      task = await TaskProcess.start({
        command: spec.run,
        cwd: spec.cwd,
        env: environmentFor(work, context),
        killGraceMs: this.options.killGraceMs,
      });
    } catch (error) {
      if (error instanceof CannotStart) return permanent(error.message);
      throw error;
    }
    return this.follow(task, work, context);
  }

  /** Nobody is there to read it: a line in the agent's log is all that the harness can do, and the acknowledgement says so much. */
  onMessage(): Promise<void> {
    return Promise.resolve();
  }

  private async follow(task: TaskProcess, { spec }: Work, context: WorkContext): Promise<WorkOutcome> {
    const startedAtMs = Date.now();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      void task.end();
    }, spec.timeoutMs);
    const stop = (): void => void task.end(context.stopping() ? (this.options.stopGraceMs ?? STOP_KILL_GRACE_MS_DEFAULT) : undefined);
    context.signal.addEventListener('abort', stop, { once: true });
    if (context.signal.aborted) stop();

    const tail = new OutputTail();
    const read = pump(task, tail, context);
    const exitCode = await task.finished();
    clearTimeout(timer);
    context.signal.removeEventListener('abort', stop);
    await drained(read, task);
    const report = { exitCode, durationMs: Date.now() - startedAtMs, outputTail: tail.text() };
    if (context.signal.aborted) return { outcome: 'aborted', ...report };
    if (timedOut)
      return {
        outcome: 'failed',
        class: 'retryable',
        reason: 'timeout',
        message: `The command took longer than ${spec.timeoutMs} ms.`,
        ...report,
      };
    if (exitCode === 0) return { outcome: 'completed', ...report };
    return {
      outcome: 'failed',
      class: 'retryable',
      reason: 'exit-code',
      message: `The command ended with exit code ${exitCode}.`,
      ...report,
    };
  }
}

/** Back-pressure by itself: the pipe is read no faster than the output is taken over. */
async function pump(task: TaskProcess, tail: OutputTail, context: WorkContext): Promise<void> {
  try {
    for await (const chunk of task.output as AsyncIterable<Buffer>) {
      tail.add(chunk);
      await context.output(chunk);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

async function drained(read: Promise<void>, task: TaskProcess): Promise<void> {
  let last = task.output.readableLength;
  for (;;) {
    const timer = new Promise<'late'>((late) => setTimeout(() => late('late'), DRAIN_MS).unref());
    if ((await Promise.race([read, timer])) !== 'late') return;
    // A slow taker is waited for; a pipe on which nothing comes is held by somebody who left the group.
    if (task.output.readableLength === 0 && last === 0) {
      task.output.destroy();
      return read;
    }
    last = task.output.readableLength;
  }
}

function environmentFor({ taskId, attempt, runId, spec }: Work, { project, agentId, traceparent }: WorkContext): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...spec.env,
    TORCH_TASK_ID: taskId,
    TORCH_ATTEMPT: String(attempt),
    TORCH_RUN_ID: runId,
    TORCH_PROJECT: project,
    TORCH_AGENT_ID: agentId,
    ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }),
  };
}

const permanent = (message: string): WorkOutcome => ({ outcome: 'failed', class: 'permanent', reason: 'harness', message });
