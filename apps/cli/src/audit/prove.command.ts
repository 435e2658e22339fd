import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { inclusionProblem, type InclusionProof, newestCheckpoint, proveInclusion, readLogNote } from '@torch/archive';
import { readPosition } from '@torch/domain-audit';
import { partitionOf } from '@torch/log';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import type { CliIo } from '../cli-io';
import { CliError, wrongUsage } from '../cli.errors';
import { examples, wholeNumber } from '../commands/command-group';
import { EXIT } from '../exit-code';
import { trustedKeysOf } from './trusted-keys';

const PARTITION_MAX = 1023;

interface ProveOptions {
  readonly partition?: number;
  readonly archive?: string;
  readonly key?: string;
  readonly check?: string;
}

export const proveCommand = (audit: Command, io: CliIo, exit: (code: number) => void): void => {
  audit
    .command('prove')
    .argument('[position]', 'the commit: its seq, or <seq>-<generation>')
    .description(
      'Proves, as JSON, that a commit is in the log that the newest checkpoint was signed for. With --check, checks such a proof, which needs nothing but the key.',
    )
    .option(
      '--partition <n>',
      "the commit's partition; default: that of the project",
      wholeNumber('--partition', { min: 0, max: PARTITION_MAX }),
    )
    .option('--archive <dir>', "the archive's directory")
    .option('--key <file>', "the notary's public keys, one a line")
    .option('--check <file>', 'a proof to be checked')
    .addHelpText(
      'after',
      examples(
        'torch audit prove 1042-0 > proof.json',
        'torch audit prove 1042 --partition 3',
        'torch audit prove --check proof.json --key notary.pub',
      ),
    )
    .action(action(io, exit, prove));
};

async function prove(context: CliContext, position: string | undefined, options: ProveOptions): Promise<number> {
  if (options.check !== undefined) return check(context, position, options.check, options);
  const { seq, generation } = positionOf(position);
  const dir = context.archiveDir(options.archive);
  const note = await readLogNote({ dir });
  if (!note) throw new CliError(EXIT.failed, 'no-archive', `There is no archive in ${dir}.`);
  const partition = options.partition ?? partitionOf(context.projectName, note.partitions);
  if (partition >= note.partitions)
    throw wrongUsage(`--partition ${partition}: the archive in ${dir} has ${note.partitions} partitions, 0 to ${note.partitions - 1}.`);
  const place = { dir, partition };
  const keys = await trustedKeysOf(context, { key: options.key, archiveDir: dir });
  const newest = await newestCheckpoint(place, keys);
  if (!newest || seq > newest.checkpoint.size) {
    const reached = newest ? `The newest checkpoint ends with ${newest.checkpoint.size}` : 'There is no checkpoint yet';
    throw new CliError(EXIT.failed, 'not-signed', `${reached}; commit ${seq} of partition ${partition} cannot be proved.`);
  }
  const proof = await proveInclusion(place, seq, newest);
  if (generation !== undefined && proof.position !== `${seq}-${generation}`)
    throw new CliError(
      EXIT.failed,
      'unknown-position',
      `Commit ${seq} of partition ${partition} is ${proof.position}, not ${seq}-${generation}.`,
    );
  context.print(context.json ? JSON.stringify(proof) : JSON.stringify(proof, null, 2));
  return EXIT.done;
}

function positionOf(text: string | undefined): { seq: number; generation?: number } {
  if (text === undefined) throw wrongUsage('Name the position to be proved, or a proof to be checked with --check.');
  const seq = Number(text);
  const position = /^\d{1,16}$/.test(text) && Number.isSafeInteger(seq) ? { seq } : readPosition(text);
  if (!position || position.seq < 1) throw wrongUsage(`"${text}" is not a position: <seq> or <seq>-<generation>, from 1 on.`);
  return position;
}

async function check(context: CliContext, position: string | undefined, file: string, { key }: ProveOptions): Promise<number> {
  if (position !== undefined) throw wrongUsage('--check takes a proof and no position.');
  if (key === undefined) throw wrongUsage('--check needs --key with public keys that you trust.');
  const path = resolve(context.io.cwd, file);
  const proof = proofIn(await readFile(path, 'utf8').catch(() => undefined), path);
  const keys = await trustedKeysOf(context, { key, archiveDir: context.archiveDir() });
  const problem = inclusionProblem(proof, keys);
  const { partition, position: proved, logId, commit } = proof;
  context.answer({ ok: problem === undefined, logId, partition, position: proved, ...(problem !== undefined && { problem }) }, () =>
    problem === undefined
      ? `Commit ${proved} is in partition ${partition} of log ${logId}${commit === undefined ? '; its content was removed by retention' : ''}.`
      : `The proof does not hold: ${problem}`,
  );
  return problem === undefined ? EXIT.done : EXIT.failed;
}

function proofIn(text: string | undefined, path: string): InclusionProof {
  if (text === undefined) throw wrongUsage(`${path} cannot be read.`);
  let value: Partial<InclusionProof> | null;
  try {
    value = JSON.parse(text) as Partial<InclusionProof> | null;
  } catch {
    throw wrongUsage(`${path} is not JSON.`);
  }
  const { logId, partition, position, commit, leaf, index, proof, checkpoint } = value ?? {};
  const isProof =
    [logId, position, leaf, checkpoint].every((field) => typeof field === 'string') &&
    [partition, index].every((field) => Number.isSafeInteger(field)) &&
    (commit === undefined || typeof commit === 'string') &&
    Array.isArray(proof) &&
    proof.every((hash) => typeof hash === 'string');
  if (!isProof) throw wrongUsage(`${path} is not a proof as "torch audit prove" makes them.`);
  return value as InclusionProof;
}
