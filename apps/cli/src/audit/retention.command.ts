import type { RetentionView } from '@torch/contracts';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import type { CliIo } from '../cli-io';
import { examples, wholeNumber } from '../commands/command-group';
import { dateTime } from '../text/format';
import { table } from '../text/table';

/** A large archive takes long to be gone through; the gateway's answer is waited for at most this long. */
const APPLY_TIMEOUT_MS = 10 * 60_000;

/** How long the archive keeps what a project's events say. */
export function retentionCommand(audit: Command, io: CliIo, exit: (code: number) => void): void {
  const retention = audit.command('retention').description('How long the archive keeps what the events of a project say.');
  retention
    .command('show')
    .description('Lists the rules. A project without one is kept for ever.')
    .addHelpText('after', examples('torch audit retention show', 'torch audit retention show --json'))
    .action(action(io, exit, show));
  retention
    .command('set')
    .description('Sets for how many days the project is kept (--project); without --days, for ever.')
    .option('--days <n>', 'whole days after which its events expire', wholeNumber('--days', { min: 1, max: 36_500 }))
    .addHelpText('after', examples('torch audit retention set --project demo --days 90', 'torch audit retention set --project demo'))
    .action(action(io, exit, set));
  retention
    .command('apply')
    .description('Takes what has expired out of the archive now. Proofs hold as before; what is taken out cannot be brought back.')
    .option('--dry-run', 'only count it')
    .addHelpText('after', examples('torch audit retention apply --dry-run', 'torch audit retention apply'))
    .action(action(io, exit, apply));
}

async function show(context: CliContext): Promise<void> {
  const view = await context.gateway().retention();
  context.answer({ rules: view.rules, holds: view.holds }, () =>
    view.rules.length === 0 ? 'There are no rules: everything is kept for ever.' : rulesTable(view),
  );
}

function rulesTable({ rules, holds }: RetentionView): string {
  const held = new Set(holds.map(({ on }) => on));
  return table(
    ['PROJECT', 'DAYS', 'HELD'],
    rules.map(({ project, days }) => [project, String(days), held.has(project) ? 'yes' : '']),
  );
}

async function set(context: CliContext, { days }: { days?: number }): Promise<void> {
  const project = context.projectName;
  const { position } = await context.gateway().setRetention({ project, ...(days !== undefined && { days }) });
  context.answer(
    { project, days, position },
    () => `Project ${project} is kept ${days === undefined ? 'for ever' : `for ${days} ${days === 1 ? 'day' : 'days'}`}.`,
  );
}

async function apply(context: CliContext, { dryRun = false }: { dryRun?: boolean }): Promise<void> {
  const outcome = await context.gateway({ requestTimeoutMs: APPLY_TIMEOUT_MS }).applyRetention(dryRun);
  context.answer(outcome, () => {
    const records = outcome.partitions.reduce((sum, partition) => sum + partition.records, 0);
    const segments = outcome.partitions.reduce((sum, partition) => sum + partition.segments, 0);
    if (records === 0) return 'Nothing has expired.';
    return dryRun
      ? `${records} commits in ${segments} segments have expired and would be taken out.`
      : `${records} expired commits were taken out of ${segments} segments.`;
  });
}

/** Legal holds: what they name is neither pruned nor erased. */
export function holdCommand(audit: Command, io: CliIo, exit: (code: number) => void): void {
  const hold = audit.command('hold').description('Legal holds: what they name is neither pruned nor erased.');
  hold
    .command('add')
    .argument('<project|subject>', "a project's name, or user:<name>, agent:<id>")
    .requiredOption('--reason <text>', 'why; it is on record for ever')
    .description('Places a hold.')
    .addHelpText('after', examples('torch audit hold add demo --reason "Case 7"', 'torch audit hold add user:ada --reason "Case 7"'))
    .action(action(io, exit, (context, on: string, { reason }: { reason: string }) => placed(context, on, reason)));
  hold
    .command('remove')
    .argument('<project|subject>')
    .requiredOption('--reason <text>', 'why; it is on record for ever')
    .description('Releases a hold.')
    .addHelpText('after', examples('torch audit hold remove demo --reason "Case 7 is closed"'))
    .action(action(io, exit, (context, on: string, { reason }: { reason: string }) => released(context, on, reason)));
  hold
    .command('list')
    .description('Lists what is held.')
    .addHelpText('after', examples('torch audit hold list'))
    .action(action(io, exit, list));
}

async function placed(context: CliContext, on: string, reason: string): Promise<void> {
  const { position } = await context.gateway().placeHold({ on, reason });
  context.answer({ on, position }, () => `${on} is held: nothing of it is pruned or erased until the hold is released.`);
}

async function released(context: CliContext, on: string, reason: string): Promise<void> {
  const { position } = await context.gateway().releaseHold({ on, reason });
  context.answer({ on, position }, () => `${on} is not held any more.`);
}

async function list(context: CliContext): Promise<void> {
  const { holds } = await context.gateway().retention();
  context.answer({ holds }, () =>
    holds.length === 0
      ? 'Nothing is held.'
      : table(
          ['HELD', 'SINCE', 'REASON'],
          holds.map(({ on, placedAtMs, reason }) => [on, dateTime(placedAtMs), reason]),
        ),
  );
}
