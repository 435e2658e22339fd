import type { Work } from '../http/gateway.answers';
import type { Harness, WorkContext, WorkOutcome } from '../session/harness';
import { attended } from './attended-process';
import { failureOf } from './exit-codes';
import { readResult } from './result-file';
import { taskEnvironment } from './task-environment';
import { TaskExchange } from './task-exchange';
import { CannotStart, TaskProcess } from './task-process';

export interface ExecOptions {
  /** Between SIGTERM and SIGKILL, on time-out and cancel. */
  readonly killGraceMs?: number;
  /** As `killGraceMs`, when the agent itself is being stopped or nothing is left to spend. Default `STOP_KILL_GRACE_MS_DEFAULT`. */
  readonly stopGraceMs?: number;
}

/** Runs a task's `run` command in a shell. What passes between the two is in the README. */
export class ExecHarness implements Harness {
  readonly name = 'exec';

  constructor(private readonly options: ExecOptions = {}) {}

  async onWork(work: Work, context: WorkContext): Promise<WorkOutcome> {
    const { spec } = work;
    if (spec.run === undefined)
      return permanent(`Task "${spec.key}" has a "prompt" and no "run": the exec harness runs shell commands only.`);
    const exchange = await TaskExchange.open(work.inputs);
    try {
      const task = await TaskProcess.start({
        command: spec.run,
        cwd: spec.cwd,
        env: { ...taskEnvironment(work, context), ...exchange.environment },
        killGraceMs: this.options.killGraceMs,
      });
      return await this.follow(task, exchange, work, context);
    } catch (error) {
      if (error instanceof CannotStart) return permanent(error.message);
      throw error;
    } finally {
      await exchange.close();
    }
  }

  /** Nobody is there to read it: a line in the agent's log is all that the harness can do, and the acknowledgement says so much. */
  onMessage(): Promise<void> {
    return Promise.resolve();
  }

  private async follow(task: TaskProcess, exchange: TaskExchange, { spec }: Work, context: WorkContext): Promise<WorkOutcome> {
    const startedAtMs = Date.now();
    exchange.usage.follow((usage) => context.progress({ usage }));
    const { timeoutMs } = spec;
    const { exitCode, timedOut, tail } = await attended(task, { timeoutMs, startedAtMs, stopGraceMs: this.options.stopGraceMs }, context);
    const durationMs = Date.now() - startedAtMs;
    const { usage, complaint } = await exchange.usage.finish();
    if (complaint) await context.output(Buffer.from(`[torch] ${complaint}\n`));
    const report = { exitCode, durationMs, outputTail: tail.text(), ...(usage && { usage }) };
    if (context.signal.aborted) return { outcome: 'aborted', ...report };
    if (timedOut)
      return {
        outcome: 'failed',
        class: 'retryable',
        reason: 'timeout',
        message: `The command took longer than ${timeoutMs} ms.`,
        ...report,
      };
    if (exitCode !== 0) return { ...(await failureOf(exitCode, exchange.resultPath)), ...report };
    const { problem, ...left } = await readResult(exchange.resultPath);
    if (problem) return { outcome: 'failed', reason: 'harness', ...problem, ...report };
    return { outcome: 'completed', ...left, ...report };
  }
}

const permanent = (message: string): WorkOutcome => ({ outcome: 'failed', class: 'permanent', reason: 'harness', message });
