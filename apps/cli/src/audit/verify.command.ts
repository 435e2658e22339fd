import { type ArchiveVerdict, type PartitionProof, verifyArchive } from '@torch/archive';
import type { Command } from 'commander';
import { action, type CliContext } from '../cli-context';
import type { CliIo } from '../cli-io';
import { wrongUsage } from '../cli.errors';
import { examples } from '../commands/command-group';
import { EXIT } from '../exit-code';
import { table } from '../text/table';
import { trustedKeysOf } from './trusted-keys';
import { VerifyProgressLine } from './verify.progress';

/** A long log takes long to be checked; the gateway's answer is waited for at most this long. */
const VERIFY_TIMEOUT_MS = 10 * 60_000;

interface VerifyOptions {
  readonly offline?: string;
  readonly key?: string;
}

export const verifyCommand = (audit: Command, io: CliIo, exit: (code: number) => void): void => {
  audit
    .command('verify')
    .description(
      "Recomputes the archive's chain and tree, checks every signature, and compares it with the log. Exits with 1 and names the first bad position when something was changed.",
    )
    .option('--offline <dir>', 'check this archive alone: it needs no running Torch, and no trust in who keeps it')
    .option('--key <file>', "the notary's public keys, one a line, as you keep them; with --offline")
    .addHelpText(
      'after',
      examples('torch audit verify', 'torch audit verify --offline /backup/audit --key notary.pub', 'torch audit verify --json'),
    )
    .action(action(io, exit, verify));
};

async function verify(context: CliContext, { offline, key }: VerifyOptions): Promise<number> {
  if (offline === undefined && key !== undefined) throw wrongUsage('--key goes with --offline: a running Torch checks with its own keys.');
  if (offline === undefined) return verifyOnline(context);
  if (key === undefined) throw wrongUsage('--offline needs --key with public keys that you trust: the archive cannot vouch for itself.');
  const keys = await trustedKeysOf(context, { key, archiveDir: offline });
  const progress = new VerifyProgressLine(context.io.stderr);
  const verdict = await verifyArchive({ dir: context.archiveDir(offline), keys, onProgress: (at) => progress.show(at) });
  progress.end();
  context.answer(verdict, () => offlineText(verdict));
  return verdict.ok ? EXIT.done : EXIT.failed;
}

const partitionName = (partition: number): string => `p${String(partition).padStart(2, '0')}`;

function offlineText({ ok, partitions, problem }: ArchiveVerdict): string {
  if (problem !== undefined) return problem;
  const rows = partitions.map((proof) => [
    partitionName(proof.partition),
    String(proof.records),
    String(proof.events),
    proof.lastPosition,
    String(proof.checkpointsVerified),
    proof.root.slice(0, 12),
    proof.ok ? 'ok' : `BAD at ${proof.badPosition ?? 'an unknown position'}: ${proof.problem ?? ''}`,
  ]);
  return [
    table(['PARTITION', 'RECORDS', 'EVENTS', 'LAST', 'CHECKPOINTS', 'ROOT', 'VERDICT'], rows),
    ...partitions.filter((proof) => proof.ok && proof.signedSeq < proof.records).map(unsignedNote),
    ok ? 'The archive is whole, and signed by keys that you trust.' : badText(partitions),
  ].join('\n');
}

const unsignedNote = ({ partition, records, signedSeq }: PartitionProof): string =>
  `${partitionName(partition)}: its last ${records - signedSeq} records are not signed yet. They are sound in themselves.`;

function badText(partitions: readonly { ok: boolean; partition: number; badPosition?: string; problem?: string }[]): string {
  const first = partitions.find(({ ok }) => !ok);
  const where = `the first bad position is ${first?.badPosition ?? 'unknown'} of partition ${first?.partition ?? 'unknown'}`;
  return `The record does not hold: ${where}. ${first?.problem ?? ''}`.trimEnd();
}

async function verifyOnline(context: CliContext): Promise<number> {
  const verdict = await context.gateway({ requestTimeoutMs: VERIFY_TIMEOUT_MS }).verifyAudit();
  context.answer(verdict, () => {
    const rows = verdict.partitions.map(({ partition, ok, records, lastSeq, lastHash, badPosition, problem }) => [
      partitionName(partition),
      String(records),
      String(lastSeq),
      lastHash.slice(0, 12),
      ok ? 'ok' : `BAD at ${badPosition ?? 'an unknown position'}: ${problem ?? ''}`,
    ]);
    const conclusion = verdict.ok ? 'The record is whole, and the log is as it was recorded.' : badText(verdict.partitions);
    return `${table(['PARTITION', 'RECORDS', 'LAST SEQ', 'LAST HASH', 'VERDICT'], rows)}\n${conclusion}`;
  });
  return verdict.ok ? EXIT.done : EXIT.failed;
}
