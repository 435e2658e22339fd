import type { CliIo } from '../cli-io';
import type { RunProgress, TaskStep } from './run.progress';
import { LiveRenderer } from './live.renderer';
import { PlainRenderer } from './plain.renderer';

/** Shows a run while it goes on. */
export interface RunRenderer {
  step(step: TaskStep): void;
  connection(connected: boolean): void;
  /** Leaves the terminal as a person expects it. */
  close(): void;
}

/** Live on a terminal, plain lines elsewhere. */
export function rendererFor(stream: CliIo['stdout'], env: NodeJS.ProcessEnv, progress: RunProgress): RunRenderer {
  const colours = env.NO_COLOR === undefined || env.NO_COLOR === '';
  return stream.isTTY && env.TERM !== 'dumb' ? new LiveRenderer(stream, progress, { colours }) : new PlainRenderer(stream, progress);
}
