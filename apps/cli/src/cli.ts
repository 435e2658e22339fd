import { CommanderError } from 'commander';
import { failureOf } from './cli.errors';
import { type CliIo, ignoreClosedPipes } from './cli-io';
import { EXIT } from './exit-code';
import { buildProgram } from './program';
import { VERSION } from './version';

/** Without a command. Were it an option of the program, no command could have one of that name, and an agent has a version too. */
const VERSION_QUESTIONS: readonly string[] = ['-V', '--version'];

/** Runs one command line. @returns its exit code; nothing is thrown. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  ignoreClosedPipes(io, () => process.exit(EXIT.done));
  if (VERSION_QUESTIONS.includes(args[0] ?? '')) {
    io.stdout.write(`${VERSION}\n`);
    return EXIT.done;
  }
  let exitCode: number = EXIT.done;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    const failure = failureOf(error);
    // Commander has said already what is wrong, with the usage.
    if (!(error instanceof CommanderError)) io.stderr.write(`torch: ${failure.message}\n`);
    if (args.includes('--json') && failure.exitCode !== EXIT.done) {
      io.stdout.write(`${JSON.stringify({ error: { code: failure.code, message: failure.message } })}\n`);
    }
    return failure.exitCode;
  }
}
