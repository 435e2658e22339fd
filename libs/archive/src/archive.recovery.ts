import { CHAIN_START, type ChainHead, Frontier, leafOf, recordFault, type RecordLine, type SegmentSealed } from '@torch/domain-audit';
import { type FencedDisk } from './archive-disk';
import { ArchiveBroken } from './archive.errors';
import { type ArchivePlace, partitionDir, sealedSegmentName, type SegmentFile, segmentsAmong } from './archive.layout';
import { outlineCommit } from './commit-outline';
import { sha256 } from './hashing';
import { ManifestWriter } from './manifest.writer';
import { OpenSegment } from './open-segment';
import { eachRecord, readSegmentLines } from './segment-lines.reader';
import type { FullSegment } from './segment.sealer';

/** Where an archive was left, and what is still to be done about it. */
export interface FoundArchive {
  readonly manifest: ManifestWriter;
  readonly head: ChainHead;
  readonly frontier: Frontier;
  /** Full segments that were not sealed before the last writer ended. */
  readonly unsealed: readonly FullSegment[];
  readonly open: OpenSegment | undefined;
}

/**
 * Reads where an archive that was taken over was left, and cuts off what was torn. Records of segments that are not sealed are
 * checked, one by one.
 *
 * @throws ArchiveBroken naming what does not fit; nothing is changed then.
 */
export async function recoverArchive(place: ArchivePlace, disk: FencedDisk): Promise<FoundArchive> {
  const dir = partitionDir(place);
  const { manifest, read } = await ManifestWriter.open(place, disk);
  const names = await disk.list(dir);
  const sealed = read.sealed.at(-1);
  const scan = Scan.behind(sealed);
  const left = segmentsAmong(place, names).filter(({ isSealed }) => !isSealed);
  const known = new Map(read.sealed.map((fact) => [fact.firstSeq, fact]));
  const found: { segment: OpenSegment; full?: FullSegment }[] = [];
  const done: SegmentFile[] = [];
  for (const file of left) {
    if (known.has(file.firstSeq) && names.includes(sealedSegmentName(file.firstSeq))) done.push(file);
    else found.push(await scan.take(file, place, disk));
  }
  assertNothingUnlisted(place, names, known);
  for (const { path } of done) await disk.remove(path);
  const last = found.at(-1)?.segment;
  await last?.secure();
  return {
    manifest,
    head: scan.head,
    frontier: scan.frontier,
    unsealed: found.slice(0, -1).flatMap(({ full }) => (full ? [full] : [])),
    open: last,
  };
}

/** A sealed segment is listed before its open form is removed: one that is not listed and has no open form was not written here. */
function assertNothingUnlisted(place: ArchivePlace, names: readonly string[], known: ReadonlyMap<number, SegmentSealed>): void {
  for (const { firstSeq, path, isSealed } of segmentsAmong(place, names))
    if (isSealed && !known.has(firstSeq)) throw new ArchiveBroken(`${path} is not listed in its manifest.`);
}

/** Goes over the records that are not sealed, in order. */
class Scan {
  private constructor(
    public head: ChainHead,
    readonly frontier: Frontier,
  ) {}

  static behind(sealed: SegmentSealed | undefined): Scan {
    if (!sealed) return new Scan(CHAIN_START, Frontier.empty(sha256));
    const generation = Number(sealed.lastPosition.split('-')[1]);
    return new Scan({ seq: sealed.lastSeq, generation, hash: sealed.head }, Frontier.decode(sealed.frontier, sealed.lastSeq, sha256));
  }

  async take(file: SegmentFile, place: ArchivePlace, disk: FencedDisk): Promise<{ segment: OpenSegment; full?: FullSegment }> {
    if (file.firstSeq !== this.head.seq + 1)
      throw new ArchiveBroken(
        `${file.path} begins with ${file.firstSeq}, and the archive before it ends with ${this.head.seq}.`,
        `${this.head.seq + 1}-${this.head.generation}`,
      );
    let bytes = 0;
    const segment = new OpenSegment(place, disk, file.firstSeq, await sizeOf(file, disk));
    for await (const lines of readSegmentLines(file, { disk })) {
      eachRecord(lines, (record) => this.follow(record, segment, file));
      bytes += lines.length;
    }
    segment.durableBytes = bytes;
    if (bytes === 0) return { segment };
    return { segment, full: { ...segment.tally.content(), bytes, head: this.head.hash, frontier: this.frontier.encode() } };
  }

  private follow(record: RecordLine | undefined, segment: OpenSegment, { path }: SegmentFile): void {
    const position = `${this.head.seq + 1}-${this.head.generation}`;
    if (!record) throw new ArchiveBroken(`The record behind ${this.head.seq} in ${path} cannot be read.`, position);
    const leaf = leafOf(record, sha256);
    const fault = recordFault(this.head, record, sha256, leaf);
    if (fault) throw new ArchiveBroken(`${path} cannot be carried on. ${fault.position}: ${fault.problem}`, fault.position);
    this.head = { seq: record.seq, generation: record.generation, hash: record.hash };
    this.frontier.append(leaf);
    segment.tally.add(record, record.body && outlineCommit(record.body));
  }
}

async function sizeOf({ path }: SegmentFile, disk: FencedDisk): Promise<number> {
  const file = await disk.openToRead(path);
  if (!file) throw new ArchiveBroken(`${path} was taken away while it was opened.`);
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}
