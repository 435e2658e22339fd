import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import type { CliIo } from '../cli-io';
import { examples, wholeNumber } from '../commands/command-group';
import { table } from '../text/table';

/** Takes off the log server what it need not hold any more. */
export function trimCommand(audit: Command, io: CliIo, exit: (code: number) => void): void {
  audit
    .command('trim')
    .requiredOption('--below <seq>', 'the lowest seq that is to be left', wholeNumber('--below', { min: 1, max: Number.MAX_SAFE_INTEGER }))
    .description(
      'Forgets the beginning of every partition on the log server, as far as it is archived and no snapshot and no reader needs it. The archive keeps it.',
    )
    .addHelpText('after', examples('torch audit trim --below 100000'))
    .action(action(io, exit, trim));
}

async function trim(context: CliContext, { below }: { below: number }): Promise<void> {
  const outcome = await context.gateway().trimLog(below);
  context.answer(outcome, () =>
    table(
      ['PARTITION', 'BEGINS WITH', 'NOT FURTHER, SINCE'],
      outcome.partitions.map(({ partition, firstSeq, heldBy = '' }) => [
        `p${String(partition).padStart(2, '0')}`,
        String(firstSeq ?? '-'),
        heldBy,
      ]),
    ),
  );
}
