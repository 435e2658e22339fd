import { type Command, InvalidArgumentError } from 'commander';
import type { CliIo } from '../cli-io';

/** Adds its commands to the program. `exit` keeps the exit code of the command that ran. */
export type CommandGroup = (program: Command, io: CliIo, exit: (code: number) => void) => void;

/** Examples below a command's help. */
export const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;

/** @throws an error that names the option, for commander to show with the usage. */
export function wholeNumber(name: string, { min, max }: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`${name} must be a whole number from ${min} to ${max}.`);
    return value;
  };
}
