import { join } from 'node:path';
import { decodeManifestLine, encodeRecord, manifestHash, parseCheckpoint, parseNote, type Checkpoint } from '@torch/domain-audit';
import { type ArchiveDisk, readWhole } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import { type ArchivePlace, checkpointPath, manifestPath, partitionDir, sealedSegmentName } from '../archive.layout';
import { readArchive } from '../archive.reader';
import { sha256 } from '../hashing';
import { parseManifest } from '../manifest.reader';

const NEWLINE = 0x0a;

/** The archive went on while it was copied, and what was copied does not fit together. Taken again, it does. */
export class SnapshotMoved extends Error {}

export interface SealedFile {
  readonly name: string;
  readonly path: string;
  /** As the manifest has it. */
  readonly sha256: string;
}

/** One partition's archive as of its newest checkpoint. Everything in it is signed. */
export interface PartitionSnapshot {
  /** `<seq>-<generation>` and chain hash of the last record. */
  readonly position: string;
  readonly chain: string;
  readonly checkpoint: Buffer | undefined;
  readonly manifest: Buffer;
  readonly sealed: readonly SealedFile[];
  /** What is in no sealed segment. */
  readonly open: { readonly firstSeq: number; readonly throughSeq: number; readonly chain: string } | undefined;
}

/**
 * What a backup of the partition holds. It may be taken while the archive is written and pruned: what does not fit together
 * shows in the hashes of the files.
 *
 * @throws ArchiveBroken when checkpoint or manifest cannot be read.
 */
export async function snapshotPartition(place: ArchivePlace, disk: ArchiveDisk): Promise<PartitionSnapshot> {
  // The checkpoint first: the line that it names is in the manifest that is read after it.
  const note = await readWhole(disk, checkpointPath(place));
  const checkpoint = note && checkpointIn(note, place);
  const whole = (await readWhole(disk, manifestPath(place))) ?? Buffer.alloc(0);
  const manifest = whole.subarray(0, checkpoint ? signedBytes(whole, checkpoint.manifest) : 0);
  const { sealed } = parseManifest(manifest, manifestPath(place));
  const last = sealed.at(-1);
  const lastSeq = last?.lastSeq ?? 0;
  const isBehind = checkpoint !== undefined && checkpoint.size > lastSeq;
  return {
    position: isBehind ? `${checkpoint.head.seq}-${checkpoint.head.generation}` : (last?.lastPosition ?? '0-0'),
    chain: isBehind ? checkpoint.head.hash : (last?.head ?? ''),
    checkpoint: note,
    manifest,
    sealed: sealed.map(({ firstSeq, sha256: hash }) => {
      const name = sealedSegmentName(firstSeq);
      return { name, path: join(partitionDir(place), name), sha256: hash };
    }),
    open: isBehind ? { firstSeq: lastSeq + 1, throughSeq: checkpoint.size, chain: checkpoint.head.hash } : undefined,
  };
}

/** The lines of an open segment. @throws SnapshotMoved; ArchiveBroken when what was signed is not there. */
export async function* openLines(
  place: ArchivePlace,
  { firstSeq, throughSeq, chain }: NonNullable<PartitionSnapshot['open']>,
  disk: ArchiveDisk,
): AsyncGenerator<Buffer, void, void> {
  let hash = '';
  for await (const batch of readArchive({ ...place, disk, afterSeq: firstSeq - 1, throughSeq })) {
    const lines = batch.map((record) => {
      const { position, previous, body } = record;
      if (body === undefined) throw new SnapshotMoved(`The content of ${position.seq} was taken out of the archive.`);
      hash = record.hash;
      return `${encodeRecord({ ...position, previous, hash, body, leaf: '' })}\n`;
    });
    yield Buffer.from(lines.join(''), 'utf8');
  }
  if (hash !== chain)
    throw new ArchiveBroken(`Partition ${place.partition} of the archive does not end with ${throughSeq} as its checkpoint says.`);
}

function checkpointIn(note: Buffer, place: ArchivePlace): Checkpoint {
  const text = parseNote(note.toString('utf8'))?.text;
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text);
  if (!checkpoint) throw new ArchiveBroken(`${checkpointPath(place)} is not a checkpoint.`);
  return checkpoint;
}

/** Up to the line that the checkpoint names, and the sealed segments behind it: of what was taken away since, nothing is signed. */
function signedBytes(manifest: Buffer, anchor: string): number {
  let isBehind = /^0{64}$/.test(anchor);
  let at = 0;
  for (let end = manifest.indexOf(NEWLINE); end >= 0; end = manifest.indexOf(NEWLINE, at)) {
    const line = manifest.subarray(at, end);
    if (isBehind && decodeManifestLine(line.toString('utf8'))?.kind !== 'sealed') break;
    if (manifestHash(line, sha256) === anchor) isBehind = true;
    at = end + 1;
  }
  return at;
}
