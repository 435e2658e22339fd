import { appendFile, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { listPartitions, readLogNote, type WitnessedCheckpoint, witnessPartition, type WitnessVerdict } from '@torch/archive';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import type { CliIo } from '../cli-io';
import { CliError } from '../cli.errors';
import { examples } from '../commands/command-group';
import { EXIT } from '../exit-code';
import { table } from '../text/table';
import { trustedKeysOf } from './trusted-keys';

const FILE_DEFAULT = 'torch-witness.ndjson';

interface WitnessOptions {
  readonly file: string;
  readonly archive?: string;
  readonly key?: string;
}

export const witnessCommand = (audit: Command, io: CliIo, exit: (code: number) => void): void => {
  audit
    .command('witness')
    .description(
      'Keeps the newest checkpoints in a file of yours, after a proof that they carry on those that are in it. Exits with 1 and says where when the history was rewritten.',
    )
    .option('--file <file>', 'where they are kept: best on another machine', FILE_DEFAULT)
    .option('--archive <dir>', "the archive's directory")
    .option('--key <file>', "the notary's public keys, one a line")
    .addHelpText('after', examples('torch audit witness --file /mnt/elsewhere/torch-witness.ndjson --key notary.pub'))
    .action(action(io, exit, witness));
};

async function witness(context: CliContext, { file, archive, key }: WitnessOptions): Promise<number> {
  const dir = context.archiveDir(archive);
  const path = resolve(context.io.cwd, file);
  const note = await readLogNote({ dir });
  if (!note) throw new CliError(EXIT.failed, 'no-archive', `There is no archive in ${dir}.`);
  const { logId, partitions } = note;
  const keys = await trustedKeysOf(context, { key, archiveDir: dir });
  const known = await readWitness(path);
  const all = new Set([
    ...Array.from({ length: partitions }, (_, n) => n),
    ...(await listPartitions({ dir })),
    ...known.map(({ partition }) => partition),
  ]);
  const verdicts: WitnessVerdict[] = [];
  for (const partition of [...all].sort((a, b) => a - b)) {
    const earlier = known.filter((checkpoint) => checkpoint.partition === partition);
    verdicts.push(await witnessPartition({ dir, partition, logId, keys, earlier, nowMs: Date.now() }));
  }
  const kept = verdicts.flatMap(({ ok, witnessed }) => (ok && witnessed ? [witnessed] : []));
  if (kept.length > 0)
    await appendFile(path, kept.map((checkpoint) => `${JSON.stringify(checkpoint)}\n`).join(''), { mode: 0o600, flush: true });
  const ok = verdicts.every((verdict) => verdict.ok);
  const answer = { ok, logId, file: path, added: kept.length, partitions: verdicts.map(({ witnessed: _, ...verdict }) => verdict) };
  context.answer(answer, () => textOf(verdicts, path, kept.length));
  return ok ? EXIT.done : EXIT.failed;
}

function textOf(verdicts: readonly WitnessVerdict[], path: string, added: number): string {
  const rows = verdicts.map(({ partition, position, root, ok, problem }) => [
    `p${String(partition).padStart(2, '0')}`,
    position,
    root.slice(0, 12),
    ok ? 'ok' : `BAD: ${problem ?? ''}`,
  ]);
  const isBad = verdicts.some(({ ok }) => !ok);
  const conclusion = isBad ? 'The history is not the one that was witnessed.' : 'The history carries on what was witnessed.';
  return `${table(['PARTITION', 'POSITION', 'ROOT', 'VERDICT'], rows)}\n${conclusion} ${added} checkpoints were added to ${path}.`;
}

/** @throws CliError when a line is not one that this command wrote: a witness that was damaged is worth knowing of. */
async function readWitness(path: string): Promise<WitnessedCheckpoint[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line, i) => (line === '' ? [] : [checkpointIn(line, `Line ${i + 1} of ${path}`)]));
}

function checkpointIn(line: string, where: string): WitnessedCheckpoint {
  let value: Partial<WitnessedCheckpoint> | null = null;
  try {
    value = JSON.parse(line) as Partial<WitnessedCheckpoint> | null;
  } catch {
    // Said below.
  }
  const { partition, seenAtMs, note } = value ?? {};
  if (!Number.isSafeInteger(partition) || !Number.isSafeInteger(seenAtMs) || typeof note !== 'string')
    throw new CliError(EXIT.failed, 'bad-witness', `${where} is not a witnessed checkpoint.`);
  return { partition: partition as number, seenAtMs: seenAtMs as number, note };
}
