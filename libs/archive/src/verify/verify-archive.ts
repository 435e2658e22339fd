import { join } from 'node:path';
import type { VerifierKey } from '@torch/domain-audit';
import type { ArchiveDisk } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { LOG_NOTE, partitionDir, segmentsAmong } from '../archive.layout';
import { NODE_DISK } from '../node-disk.adapter';
import { trustedKeys } from '../notary/key-rotations';
import { listPartitions, type LogNote, readLogNote } from '../segment-list';
import { checkPartition } from './partition.check';
import { ALL_CHECKS, type ArchiveVerdict, type Checks, type PartitionProof, type VerifyProgress } from './verdict';

export interface VerifyArchive {
  /** The archive's directory. */
  readonly dir: string;
  /** Public keys that are trusted. One that a trusted key has handed over to is trusted as well. */
  readonly keys: readonly VerifierKey[];
  /** Default: all that the log has, and all that have a directory. */
  readonly partitions?: readonly number[];
  /** Told after each piece of a file. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly disk?: ArchiveDisk;
}

/**
 * Checks an archive against nothing but public keys: every record's place, chain and leaf, every segment against the
 * manifest, every line of the manifest, and every checkpoint's signature, chain and tree. Memory is flat. It may be done
 * while the archive is written.
 *
 * Bad content is an answer, not an error: the verdict names the first bad position of each partition.
 */
export function verifyArchive(request: VerifyArchive): Promise<ArchiveVerdict> {
  return verifyWith(request, ALL_CHECKS);
}

/** As `verifyArchive`, with some checks left out. */
export async function verifyWith(request: VerifyArchive, checks: Checks): Promise<ArchiveVerdict> {
  const { dir, disk = NODE_DISK } = request;
  let note: LogNote | undefined;
  try {
    note = await readLogNote({ dir }, disk);
  } catch (error) {
    if (error instanceof ArchiveBroken) return { ok: false, partitions: [], problem: error.message };
    throw error;
  }
  if (!note) return { ok: false, partitions: [], problem: `${join(dir, LOG_NOTE)} is missing: this is not an archive, or no longer one.` };
  const { logId } = note;
  const all = Array.from({ length: note.partitions }, (_, partition) => partition);
  const partitions = request.partitions ?? [...new Set([...all, ...(await listPartitions({ dir }, disk))])].sort((a, b) => a - b);
  const keys = await trustedKeys({ dir, keys: request.keys }, disk);
  const progress = new Progress(request, await sizeOf(dir, partitions, disk));
  const proofs: PartitionProof[] = [];
  for (const partition of partitions) {
    const proof = await checkPartition({ dir, partition, logId, keys, disk, checks, onRead: progress.of(partition) });
    progress.done(proof);
    proofs.push(proof);
  }
  return { ok: proofs.every(({ ok }) => ok), logId, partitions: proofs };
}

class Progress {
  private bytesRead = 0;
  private records = 0;
  private events = 0;

  constructor(
    private readonly request: VerifyArchive,
    private readonly bytesInAll: number,
  ) {}

  of(partition: number) {
    return (bytes: number, soFar: { records: number; events: number }): void => {
      this.bytesRead += bytes;
      const { bytesRead, bytesInAll } = this;
      this.request.onProgress?.({
        partition,
        bytesRead,
        bytesInAll,
        records: this.records + soFar.records,
        events: this.events + soFar.events,
      });
    };
  }

  done({ records, events }: PartitionProof): void {
    this.records += records;
    this.events += events;
  }
}

async function sizeOf(dir: string, partitions: readonly number[], disk: ArchiveDisk): Promise<number> {
  let bytes = 0;
  for (const partition of partitions) {
    const place = { dir, partition };
    for (const { path } of segmentsAmong(place, await disk.list(partitionDir(place)))) {
      const file = await disk.openToRead(path);
      bytes += (await file?.size()) ?? 0;
      await file?.close();
    }
  }
  return bytes;
}
