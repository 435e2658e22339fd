import { decodeManifestLine, MANIFEST_START, type ManifestLine, manifestHash, type SegmentSealed } from '@torch/domain-audit';
import { type ArchiveDisk, readWhole } from './archive-disk';
import { ArchiveBroken } from './archive.errors';
import { type ArchivePlace, manifestPath } from './archive.layout';
import { sha256 } from './hashing';
import { NODE_DISK } from './node-disk.adapter';

const NEWLINE = 0x0a;

export interface ManifestRead {
  readonly lines: readonly ManifestLine[];
  /** Sealed segments as they are now: what a later fact changed of one is in it. */
  readonly sealed: readonly SegmentSealed[];
  /** What the next line names as the one before it. */
  readonly hash: string;
  /** Bytes of whole lines; behind them there may be a torn one. */
  readonly bytes: number;
}

/**
 * All facts of a partition's manifest. A last line without an end is left out: it was torn before anybody relied on it.
 *
 * @throws ArchiveBroken naming the line that cannot be read or does not follow from the one before.
 */
export async function readManifest(place: ArchivePlace, disk: ArchiveDisk = NODE_DISK): Promise<ManifestRead> {
  const path = manifestPath(place);
  return parseManifest((await readWhole(disk, path)) ?? Buffer.alloc(0), path);
}

/** @param from what the bytes come from, for the message. */
export function parseManifest(bytes: Buffer, from: string): ManifestRead {
  const lines: ManifestLine[] = [];
  let hash = MANIFEST_START;
  let at = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
    const text = bytes.subarray(at, end);
    const line = decodeManifestLine(text.toString('utf8'));
    if (!line) throw new ArchiveBroken(`Line ${lines.length + 1} of ${from} cannot be read.`);
    if (line.previous !== hash) throw new ArchiveBroken(`Line ${lines.length + 1} of ${from} does not follow from the line before.`);
    hash = manifestHash(text, sha256);
    lines.push(line);
    at = end + 1;
  }
  return { lines, sealed: sealedOf(lines), hash, bytes: at };
}

function sealedOf(lines: readonly ManifestLine[]): SegmentSealed[] {
  const sealed = new Map<number, SegmentSealed>();
  for (const line of lines) {
    const before = sealed.get(line.firstSeq);
    if (line.kind === 'sealed') sealed.set(line.firstSeq, line);
    else if (line.kind === 'pruned' && before) {
      const { bytes, gzBytes, sha256: hash, projects } = line;
      sealed.set(line.firstSeq, { ...before, bytes, gzBytes, sha256: hash, projects });
    }
  }
  return [...sealed.values()];
}
