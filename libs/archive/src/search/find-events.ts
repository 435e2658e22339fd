import { COMMIT_END_INDEX, type EventPlace, parsePosition } from '@torch/log';
import type { ArchiveDisk } from '../archive-disk';
import { archiveHead } from '../archive-head';
import { ArchiveBroken } from '../archive.errors';
import type { ArchivePlace, SegmentFile } from '../archive.layout';
import { NODE_DISK } from '../node-disk.adapter';
import { readSegmentLines } from '../segment-lines.reader';
import { ArchiveMap, manifestFits, type MappedSegment } from './archive-map';
import type { Room } from './commit-scan';
import { type CompiledFilter, compileFilter, type EventFilter, type FoundEvent } from './event-filter';
import { buildIndex, type IndexedSegment, loadIndex } from './index-files';
import { LineScan } from './line-scan';
import { mayHoldEvents, type SegmentIndex } from './segment-index';

export interface EventSearch extends ArchivePlace {
  readonly filter: EventFilter;
  /** Of the found events as JSON text, in UTF-16 units; the event that reaches it is the last. Default: no limit. */
  readonly charsMax?: number;
  /** Sealed segments without an index get one on the way, which takes as long as parsing them. Default false. */
  readonly buildsIndexes?: boolean;
  readonly disk?: ArchiveDisk;
}

/** How far a search has come since its last step. */
export interface SearchStep {
  /** In the log's order. */
  readonly events: readonly FoundEvent[];
  /** Everything up to here has been searched. Never before `afterId`. */
  readonly through: EventPlace;
  /** Records that were searched and that retention has emptied, in segments that may have held what is looked for. */
  readonly pruned: number;
  /** Bytes of records that were read, decompressed. */
  readonly bytes: number;
  /** The step went through a sealed segment that has no index. */
  readonly isUnindexed: boolean;
  /** There is no room for more events; this is the last step. */
  readonly isFull: boolean;
}

const NOTHING = { events: [], pruned: 0, bytes: 0, isUnindexed: false, isFull: false } as const;

/** Looks at the directory that may bring nothing new before a record counts as missing. */
const FRUITLESS_LOOKS_MAX = 3;

/**
 * Finds events in a partition's archive, oldest first, up to what is there when the search begins. A step comes at least for
 * every piece of a file that was read, so that whoever reads can stop in between. Segments that cannot hold what is looked
 * for are left out; of the others, only records that hold it as text are parsed. Memory stays flat.
 *
 * Hashes are not checked. It may be used while the archive is written.
 *
 * @throws RangeError when the filter does not fit; ArchiveBroken when what must be read cannot be.
 */
export async function* findEvents(search: EventSearch): AsyncGenerator<SearchStep, void, void> {
  const { filter, partition, disk = NODE_DISK, charsMax = Infinity } = search;
  const compiled = compileFilter(filter, partition);
  const end = (await archiveHead(search, disk)).seq;
  const pass = new SearchPass(search, compiled, disk, { events: filter.limit ?? Infinity, chars: charsMax });
  let map = await ArchiveMap.read(search, disk);
  for (let fruitless = 0; pass.seq < end && !pass.isFull;) {
    const before = pass.seq;
    const segment = map.segmentWith(before + 1);
    if (segment) yield* pass.through(segment);
    if (pass.seq > before) fruitless = 0;
    else if (!pass.isFull) {
      if (++fruitless >= FRUITLESS_LOOKS_MAX) throw missing(search, before + 1);
      map = await ArchiveMap.read(search, disk); // It was sealed meanwhile.
    }
  }
}

function missing({ dir, partition }: ArchivePlace, seq: number): ArchiveBroken {
  return new ArchiveBroken(`Record ${seq} of partition ${partition} is missing in ${dir}: no segment has it.`);
}

/** One search on its way through the segments. */
class SearchPass {
  /** The last seq that was searched or left out. */
  seq = 0;
  isFull = false;
  private readonly scan: LineScan;

  constructor(
    private readonly search: EventSearch,
    private readonly filter: CompiledFilter,
    private readonly disk: ArchiveDisk,
    private readonly room: Room,
  ) {
    this.scan = new LineScan(search.partition, filter);
  }

  async *through({ file, sealed }: MappedSegment): AsyncGenerator<SearchStep, void, void> {
    if (!sealed) return yield* this.read(file, { isUnindexed: false });
    const end = this.placeOf(sealed.lastPosition, COMMIT_END_INDEX);
    const isPassed = !this.filter.isBehind(end);
    if (isPassed || !manifestFits(sealed, this.filter)) {
      this.seq = sealed.lastSeq;
      if (!isPassed) yield { ...NOTHING, through: end };
      return;
    }
    const index = await this.indexOf({ ...this.search, segment: file, sha256: sealed.sha256, disk: this.disk });
    // An index knows how much of the whole segment is pruned, so it is of use only where the search is not in the middle of it.
    if (index && this.filter.isBehind(this.placeOf(sealed.firstPosition, 0)) && !mayHoldEvents(index, this.search.filter)) {
      this.seq = sealed.lastSeq;
      yield { ...NOTHING, through: end, pruned: index.pruned };
      return;
    }
    yield* this.read(file, { isUnindexed: index === undefined });
  }

  private async *read(file: SegmentFile, { isUnindexed }: { isUnindexed: boolean }): AsyncGenerator<SearchStep, void, void> {
    for await (const lines of readSegmentLines(file, { disk: this.disk })) {
      const { events, pruned, through, isFull } = this.scan.scan(lines, this.room);
      this.seq = through.position.seq;
      this.isFull = isFull;
      const hasProgressed = this.filter.isBehind(through);
      if (hasProgressed) yield { events, through, pruned, bytes: lines.length, isUnindexed, isFull };
      if (isFull) return;
    }
  }

  private async indexOf(segment: IndexedSegment): Promise<SegmentIndex | undefined> {
    return (await loadIndex(segment)) ?? (this.search.buildsIndexes ? await buildIndex(segment) : undefined);
  }

  private placeOf(position: string, index: number): EventPlace {
    return { partition: this.search.partition, position: parsePosition(position), index };
  }
}

/**
 * Builds the indexes that are missing or damaged, one after the other, until `signal` says that it is enough.
 *
 * @returns how many were built.
 */
export async function buildIndexes({
  disk = NODE_DISK,
  signal,
  ...place
}: ArchivePlace & { readonly disk?: ArchiveDisk; readonly signal?: AbortSignal }): Promise<number> {
  let built = 0;
  for (const { file, sealed } of (await ArchiveMap.read(place, disk)).segments) {
    if (signal?.aborted) break;
    if (!sealed) continue;
    const segment = { ...place, segment: file, sha256: sealed.sha256, disk };
    if (!(await loadIndex(segment)) && (await buildIndex(segment))) built++;
  }
  return built;
}
