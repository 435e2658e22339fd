import type { OutputTail } from './output-tail';
import type { TaskProcess } from './task-process';

/** For the last output to come through the pipe once the process group is gone; only a process that left the group holds it longer. */
const DRAIN_MS = 1000;

/** What a process writes, on its way to whoever takes it. */
export class TaskOutput {
  private readonly read: Promise<void>;

  /** Back-pressure by itself: the pipe is read no faster than `take` takes over. */
  constructor(
    private readonly task: TaskProcess,
    private readonly tail: OutputTail,
    private readonly take: (chunk: Buffer) => Promise<void>,
  ) {
    this.read = this.pump();
  }

  /** Resolves once all that the group has written is taken over. To be called when the group is gone. */
  async drained(): Promise<void> {
    const { output } = this.task;
    let last = output.readableLength;
    for (;;) {
      const timer = new Promise<'late'>((late) => setTimeout(() => late('late'), DRAIN_MS).unref());
      if ((await Promise.race([this.read, timer])) !== 'late') return;
      // A slow taker is waited for; a pipe on which nothing comes is held by somebody who left the group.
      if (output.readableLength === 0 && last === 0) {
        output.destroy();
        return this.read;
      }
      last = output.readableLength;
    }
  }

  private async pump(): Promise<void> {
    try {
      for await (const chunk of this.task.output as AsyncIterable<Buffer>) {
        this.tail.add(chunk);
        await this.take(chunk);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
  }
}
