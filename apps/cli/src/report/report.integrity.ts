import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NOTARY_KEYS, type PartitionProof, sha256, verifyArchive } from '@torch/archive';
import type { ReportIntegrity, ReportPartition } from '@torch/contracts';
import { parseVkey, type VerifierKey } from '@torch/domain-audit';
import { wrongUsage } from '../cli.errors';

export interface IntegrityRequest {
  /** The archive's directory. */
  readonly dir: string;
  readonly partitions: readonly number[];
}

/** Verifies an archive's chain, tree and signed checkpoints. What does not hold is in the answer, not thrown. */
export type IntegrityCheck = (request: IntegrityRequest) => Promise<Omit<ReportIntegrity, 'keyChanges'>>;

/** Records between two notes of progress. */
const RECORDS_A_NOTE = 500_000;

/**
 * Verifies with the keys in `keyFile`, or with those in the archive when none is named.
 *
 * @throws CliError 2 when the file holds no key.
 */
export function archiveIntegrity(keyFile: string | undefined, onProgress: (records: number) => void): IntegrityCheck {
  return async ({ dir, partitions }) => {
    const keys = keyFile === undefined ? await keysIn(join(dir, NOTARY_KEYS)).catch(() => []) : await givenKeys(keyFile);
    let noted = 0;
    const verdict = await verifyArchive({
      dir,
      keys,
      partitions,
      onProgress: ({ records }) => {
        if (records - noted < RECORDS_A_NOTE) return;
        noted = records;
        onProgress(records);
      },
    });
    return {
      keysGiven: keyFile !== undefined,
      partitions: verdict.partitions.map(partitionOf),
      keys: keys.map(({ name, id }) => ({ name, keyId: id })),
    };
  };
}

function partitionOf({
  partition,
  ok,
  records,
  pruned,
  signedSeq,
  checkpointsVerified,
  lastPosition,
  badPosition,
  problem,
}: PartitionProof): ReportPartition {
  return {
    partition,
    ok,
    records,
    pruned,
    unsigned: Math.max(0, records - signedSeq),
    checkpoints: checkpointsVerified,
    lastPosition,
    ...(badPosition !== undefined && { badPosition }),
    ...(problem !== undefined && { problem }),
  };
}

async function givenKeys(keyFile: string): Promise<VerifierKey[]> {
  try {
    const keys = await keysIn(keyFile);
    if (keys.length > 0) return keys;
  } catch (error) {
    throw wrongUsage(`--key ${keyFile} cannot be read: ${(error as Error).message}`);
  }
  throw wrongUsage(`--key ${keyFile} holds no public key such as <name>+<8 hex digits>+<base64>.`);
}

async function keysIn(file: string): Promise<VerifierKey[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.flatMap((line) => parseVkey(line.trim(), sha256) ?? []);
}
