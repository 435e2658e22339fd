import { redactText } from '@torch/contracts';
import { describeThrown } from '@torch/kernel';

/** Why a process ends. */
export interface EndReason {
  readonly exitCode: 0 | 1;
  readonly reason: string;
  readonly error?: unknown;
}

/** The end of this process: asked for by a signal, or forced by a failure that nobody can work on with. The first one counts. */
export class ProcessEnd {
  private readonly controller = new AbortController();
  private end: (reason: EndReason) => void = () => undefined;
  /** Resolves once the process is to end. */
  readonly asked = new Promise<EndReason>((resolve) => {
    this.end = resolve;
  });

  /** Aborted at the same moment, for what waits. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  stop(reason: string): void {
    this.finish({ exitCode: 0, reason });
  }

  fail(error: unknown): void {
    this.finish({ exitCode: 1, reason: describeThrown(error), error });
  }

  /** Follows SIGTERM, SIGINT, and the loss of the parent that started this process with an IPC channel. */
  followProcess(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.stop(signal));
    if (process.connected) process.once('disconnect', () => this.stop('The parent process is gone.'));
  }

  /**
   * What nobody has caught is told in a line, and the process ends at once: what it holds in memory may be anything by now, and an
   * orderly end would keep it.
   */
  followUncaught(service: string): void {
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (thrown: unknown) => {
        process.stderr.write(redactText(`${service} ends by an error that nobody caught: ${describeThrown(thrown)}\n`));
        process.exit(1);
      });
    }
  }

  private finish(reason: EndReason): void {
    this.end(reason);
    this.controller.abort(new Error(reason.reason));
  }
}

/** There is one process, and so one end. */
export const processEnd = new ProcessEnd();
