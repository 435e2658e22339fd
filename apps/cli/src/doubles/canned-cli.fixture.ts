import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Asked, CannedGateway } from './canned-gateway.double';
import { capturedIo, type CliRun, runCaptured } from './captured-io';

export interface CannedRun extends CliRun {
  readonly asked: readonly Asked[];
}

/** Runs one command against a gateway that answers with `answers`; `files` are in the folder in which it runs. */
export async function runCanned(
  args: readonly string[],
  answers: Readonly<Record<string, object>> = {},
  { files = {}, env = {} }: { files?: Readonly<Record<string, string>>; env?: NodeJS.ProcessEnv } = {},
): Promise<CannedRun> {
  const gateway = await CannedGateway.answering(answers);
  const io = capturedIo({ TORCH_URL: gateway.url, TORCH_TOKEN: 'operator', ...env });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(io.cwd, name), text);
  try {
    return { ...(await runCaptured(args, io)), asked: gateway.asked };
  } finally {
    await gateway.stop();
  }
}

/** The lines of a text without the blanks at their ends, empty ones left out. */
export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');
