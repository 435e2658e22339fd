import type { Writable } from 'node:stream';
import { timeOfDay } from '../text/format';
import { keyWidthOf, stepText } from './run.lines';
import type { RunProgress, TaskStep } from './run.progress';
import type { RunRenderer } from './run.renderer';

/** One line a step: for files, pipes and CI. */
export class PlainRenderer implements RunRenderer {
  private readonly keyWidth: number;
  private connected = true;

  constructor(
    private readonly stream: Writable,
    progress: RunProgress,
  ) {
    this.keyWidth = keyWidthOf(progress);
  }

  step(step: TaskStep): void {
    this.stream.write(`${timeOfDay(step.atMs)}  ${stepText(step, this.keyWidth)}\n`);
  }

  connection(connected: boolean): void {
    if (connected === this.connected) return;
    this.connected = connected;
    this.stream.write(
      `${timeOfDay(Date.now())}  ${connected ? 'The gateway is there again.' : 'The gateway is away; the run goes on. Trying again.'}\n`,
    );
  }

  close(): void {
    // Every line is already whole.
  }
}
