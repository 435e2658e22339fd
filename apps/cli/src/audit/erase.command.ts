import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import type { CliIo } from '../cli-io';
import { examples } from '../commands/command-group';
import { EXIT } from '../exit-code';

const POLL_MS = 100;
const DONE_MS_MAX = 30_000;

interface EraseOptions {
  readonly reason?: string;
}

/** Erases what a person or an agent has written, by destroying the keys of it. */
export function eraseCommand(audit: Command, io: CliIo, exit: (code: number) => void): void {
  audit
    .command('erase')
    .argument('<subject>', 'user:<name> or agent:<id>')
    .option('--reason <text>', 'why; it is on record for ever')
    .description(
      'Erases all message texts that the subject has written, in all projects or in the one named with --project, by destroying their keys. ' +
        'It cannot be undone. Refused under legal hold.',
    )
    .addHelpText(
      'after',
      examples('torch audit erase user:ada --reason "Asked for on 3 May"', 'torch audit erase agent:dev-1 --project demo'),
    )
    .action(action(io, exit, erase));
}

async function erase(context: CliContext, subject: string, { reason }: EraseOptions): Promise<number> {
  const project = context.givenProject;
  const gateway = context.gateway();
  const { projects } = await gateway.erase({ subject, ...(project !== undefined && { project }), ...(reason !== undefined && { reason }) });
  const erasedAtMs = await erasedAt(context, subject);
  context.answer({ subject, projects, erasedAtMs }, () => {
    if (erasedAtMs === undefined)
      return `The keys of ${subject} are not known to be destroyed yet. Run this again, or see what the gateway's log says.`;
    return projects.length === 0 ? `${subject} was erased before.` : `What ${subject} wrote in ${projects.join(', ')} is erased.`;
  });
  return erasedAtMs === undefined ? EXIT.failed : EXIT.done;
}

async function erasedAt(context: CliContext, subject: string): Promise<number | undefined> {
  const untilMs = performance.now() + DONE_MS_MAX;
  for (;;) {
    const { erasures } = await context.gateway().retention();
    const erasedAtMs = erasures.find((erasure) => erasure.subject === subject)?.erasedAtMs;
    if (erasedAtMs !== undefined || performance.now() >= untilMs) return erasedAtMs;
    await pause(POLL_MS);
  }
}
