import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type ArchiveDisk, readWhole, replaceFile } from '../archive-disk';
import { type ArchivePlace, INDEX, partitionDir, type SegmentFile } from '../archive.layout';
import { readSegmentLines } from '../segment-lines.reader';
import { decodeIndex, encodeIndex, type SegmentIndex, SegmentIndexing } from './segment-index';

const READ_BYTES = 256 * 1024;
/** What a file system says where nothing may be written: the archive is somebody else's, or on a read-only medium. */
const READ_ONLY = ['EACCES', 'EPERM', 'EROFS'];

/** A sealed segment, and the SHA-256 that the manifest has of its file. */
export interface IndexedSegment extends ArchivePlace {
  readonly segment: SegmentFile;
  readonly sha256: string;
  readonly disk: ArchiveDisk;
}

const indexDir = (place: ArchivePlace): string => join(partitionDir(place), INDEX);
const indexPath = (of: IndexedSegment): string => join(indexDir(of), `search-${String(of.segment.firstSeq).padStart(16, '0')}`);

/** Undefined when there is none, or what there is was damaged, has another format, or belongs to what the segment was before. */
export async function loadIndex(of: IndexedSegment): Promise<SegmentIndex | undefined> {
  const bytes = await readWhole(of.disk, indexPath(of));
  return bytes && decodeIndex(bytes.toString('utf8'), of.sha256);
}

/**
 * Reads the whole segment and keeps what was found beside it, where that may be written.
 *
 * @returns undefined when the segment's file is not the one that the manifest speaks of: it is being pruned, or was changed.
 * @throws ArchiveBroken when the segment cannot be read.
 */
export async function buildIndex(of: IndexedSegment): Promise<SegmentIndex | undefined> {
  if ((await fileHash(of)) !== of.sha256) return undefined;
  const indexing = new SegmentIndexing();
  for await (const lines of readSegmentLines(of.segment, { disk: of.disk })) indexing.add(lines);
  if ((await fileHash(of)) !== of.sha256) return undefined;
  const index = await indexing.finish(of.sha256);
  await keep(of, index);
  return index;
}

async function keep(of: IndexedSegment, index: SegmentIndex): Promise<void> {
  const dir = indexDir(of);
  try {
    await of.disk.makeDir(dir);
    await replaceFile(of.disk, { dir, path: indexPath(of) }, Buffer.from(encodeIndex(index)));
  } catch (error) {
    if (!READ_ONLY.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function fileHash({ segment, disk }: IndexedSegment): Promise<string | undefined> {
  const file = await disk.openToRead(segment.path);
  if (!file) return undefined;
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let at = 0; ;) {
      const count = await file.read(buffer, at);
      if (count === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, count));
      at += count;
    }
  } finally {
    await file.close();
  }
}
