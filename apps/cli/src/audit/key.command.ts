import { loadNotaryKey, NotaryKeyInvalid, notaryKeyPath, notaryPubPath, readVerifierKeys, rotateNotaryKey } from '@torch/archive';
import { formatVkey } from '@torch/domain-audit';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import type { CliIo } from '../cli-io';
import { CliError } from '../cli.errors';
import { examples } from '../commands/command-group';
import { EXIT } from '../exit-code';
import { dateTime } from '../text/format';

interface KeyOptions {
  readonly archive?: string;
}

export const keyCommand = (audit: Command, io: CliIo, exit: (code: number) => void): void => {
  const key = audit.command('key').description("The notary's keys, on the machine that they are kept on.");
  key
    .command('show')
    .description('Shows the public keys, the one in use last. Keep a copy where the archive is not: it is what others check with.')
    .option('--archive <dir>', "the archive's directory")
    .addHelpText('after', examples('torch audit key show', 'torch audit key show > notary.pub'))
    .action(action(io, exit, show));
  key
    .command('rotate')
    .description('Puts a new key in place of the one in use, which vouches for it. A running Torch takes it up within a second or two.')
    .option('--archive <dir>', "the archive's directory")
    .addHelpText('after', examples('torch audit key rotate'))
    .action(action(io, exit, rotate));
};

const placeOf = (context: CliContext, { archive }: KeyOptions) => ({
  dataDir: context.dataDir.root,
  archiveDir: context.archiveDir(archive),
});

async function show(context: CliContext, options: KeyOptions): Promise<void> {
  const place = placeOf(context, options);
  const known = await readVerifierKeys(notaryPubPath(place)).catch((error: unknown) => {
    throw unusable(error, `${notaryPubPath(place)} is not there: the audit service makes it when it first starts.`);
  });
  const used = await usedKey(place);
  const keys = [...known.filter(({ id }) => id !== used?.id), ...known.filter(({ id }) => id === used?.id)];
  context.answer({ keys: keys.map((key) => ({ vkey: formatVkey(key), inUse: key.id === used?.id })) }, () =>
    keys.map(formatVkey).join('\n'),
  );
}

/** Whoever may see the archive, and not the private key, sees the public ones alone. */
async function usedKey(place: { dataDir: string }) {
  try {
    return loadNotaryKey(place);
  } catch (error) {
    if (error instanceof NotaryKeyInvalid || (error as NodeJS.ErrnoException).code === 'EACCES') return undefined;
    throw error;
  }
}

async function rotate(context: CliContext, options: KeyOptions): Promise<void> {
  const place = placeOf(context, options);
  const { previous, key, rotation } = await rotateNotaryKey(place, Date.now()).catch((error: unknown) => {
    throw unusable(error, `${notaryKeyPath(place)} cannot be used.`);
  });
  const answer = { vkey: rotation.vkey, previousKey: rotation.previousKey, rotatedAtMs: rotation.rotatedAtMs };
  context.answer(answer, () =>
    [
      rotation.vkey,
      `${key.name} took the place of ${previous.name} at ${dateTime(rotation.rotatedAtMs)}. Whoever trusts the old key can check the new one.`,
    ].join('\n'),
  );
}

function unusable(error: unknown, missing: string): unknown {
  if (error instanceof NotaryKeyInvalid) return new CliError(EXIT.failed, 'no-notary-key', error.message);
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? new CliError(EXIT.failed, 'no-notary-key', missing) : error;
}
