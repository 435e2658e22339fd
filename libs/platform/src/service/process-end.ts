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
    this.finish({ exitCode: 1, reason: error instanceof Error ? error.message : String(error), error });
  }

  /** Follows SIGTERM, SIGINT, and the loss of the parent that started this process with an IPC channel. */
  followProcess(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.stop(signal));
    if (process.connected) process.once('disconnect', () => this.stop('The parent process is gone.'));
  }

  private finish(reason: EndReason): void {
    this.end(reason);
    this.controller.abort(new Error(reason.reason));
  }
}

/** There is one process, and so one end. */
export const processEnd = new ProcessEnd();
