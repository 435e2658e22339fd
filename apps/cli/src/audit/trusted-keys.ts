import { resolve } from 'node:path';
import { NODE_DISK, NotaryKeyInvalid, notaryPubPath, readVerifierKeys, trustedKeys } from '@torch/archive';
import type { VerifierKey } from '@torch/domain-audit';
import type { CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';

/**
 * The keys that are given, and those that they have handed over to. Without any, those of the archive itself, which prove
 * nothing against who keeps it: that is said.
 *
 * @throws CliError 2 when there is no usable key.
 */
export async function trustedKeysOf(
  context: CliContext,
  { key, archiveDir }: { key?: string; archiveDir: string },
): Promise<readonly VerifierKey[]> {
  const dir = context.archiveDir(archiveDir);
  const own = notaryPubPath({ archiveDir: dir });
  const path = key === undefined ? own : resolve(context.io.cwd, key);
  try {
    const keys = await readVerifierKeys(path);
    if (key === undefined) context.note(`The keys are the archive's own (${own}). Keep a copy elsewhere, and give it with --key.`);
    return await trustedKeys({ dir, keys }, NODE_DISK);
  } catch (error) {
    if (error instanceof NotaryKeyInvalid) throw wrongUsage(error.message);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw wrongUsage(`${path} is not there: it must hold the notary's public keys.`);
    throw error;
  }
}
