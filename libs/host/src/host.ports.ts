import type { CommandEnvelope } from './envelope';
import type { PlacedEvent } from './service';

/** Where the host says what it is doing. Structured: a sentence and fields. */
export interface HostLogger {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export const SILENT_LOGGER: HostLogger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Puts decisions and effects into the trace that their command or event belongs to. */
export interface HostTracing {
  /** Calls `decide` with the command as it is to be decided: under the span's trace context, when there is one. */
  command<T>(command: CommandEnvelope, decide: (command: CommandEnvelope) => Promise<T>): Promise<T>;
  effect<T>(event: PlacedEvent, act: () => Promise<T>): Promise<T>;
}

export const NO_TRACING: HostTracing = {
  command: (command, decide) => decide(command),
  effect: (_event, act) => act(),
};
