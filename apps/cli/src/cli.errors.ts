import { GatewayProblem, GatewayUnreachable } from '@torch/agent';
import { UpFailed, UpInterrupted } from '@torch/dev';
import { describeThrown } from '@torch/kernel';
import { LogUnavailable } from '@torch/log';
import { CommanderError } from 'commander';
import { EXIT } from './exit-code';

/** Ends the command with this exit code and a sentence for people. */
export class CliError extends Error {
  constructor(
    readonly exitCode: number,
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CliError';
  }
}

export const wrongUsage = (message: string): CliError => new CliError(EXIT.usage, 'wrong-usage', message);
export const notRunning = (message: string): CliError => new CliError(EXIT.unreachable, 'not-running', message);

/** An error as every command reports it. */
export interface Failure {
  readonly exitCode: number;
  /** Kebab-case and stable. */
  readonly code: string;
  readonly message: string;
}

/** Maps every kind of error to its exit code, once. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? EXIT.done : EXIT.usage, code: 'wrong-usage', message: error.message };
  if (error instanceof GatewayUnreachable) {
    return {
      exitCode: EXIT.unreachable,
      code: 'unreachable',
      message: `${error.message} Is Torch up ("torch status")? Name another one with --url.`,
    };
  }
  if (error instanceof GatewayProblem) return { exitCode: exitOfProblem(error), code: error.code, message: problemText(error) };
  if (error instanceof UpInterrupted) return { exitCode: EXIT.interrupted, code: 'interrupted', message: error.message };
  if (error instanceof UpFailed) return { exitCode: EXIT.failed, code: 'up-failed', message: error.message };
  if (error instanceof LogUnavailable) return { exitCode: EXIT.unreachable, code: 'log-unavailable', message: error.message };
  const message = error instanceof Error ? error.message : describeThrown(error);
  return { exitCode: EXIT.failed, code: 'failed', message };
}

function exitOfProblem({ status, passing }: GatewayProblem): number {
  if (passing) return EXIT.unreachable;
  return status === 400 || status === 422 ? EXIT.usage : EXIT.failed;
}

function problemText({ status, detail, errors }: GatewayProblem): string {
  const fields = errors.filter(({ message }) => !detail.includes(message)).map(({ pointer, message }) => `  ${pointer || '/'}: ${message}`);
  const wayOut = status === 401 ? ' Give the right token with --token, TORCH_TOKEN, or the data directory of that Torch with --data.' : '';
  return [detail + wayOut, ...fields].join('\n');
}
