import { createHash } from 'node:crypto';
import { positionOf, type RecordLine, type SegmentPruned, type SegmentSealed } from '@torch/domain-audit';
import type { ArchiveDisk } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import type { SegmentFile } from '../archive.layout';
import { eachRecord, readSegmentLines } from '../segment-lines.reader';
import type { RecordWalk } from './record-walk';
import { type Checks, Fault, nextPosition } from './verdict';

export interface SegmentWalk {
  readonly walk: RecordWalk;
  readonly disk: ArchiveDisk;
  readonly checks: Checks;
  /** Told after each piece of a file that was read and checked: its size on disk. */
  readonly onRead: (bytes: number) => void;
  /** Told every sound record. */
  readonly onRecord?: (record: RecordLine) => void;
}

/** Walks over a segment's records. @returns bytes of its lines; undefined when there is no such file. */
export async function walkSegment(
  segment: Pick<SegmentFile, 'path' | 'isSealed'>,
  { walk, disk, onRead, onRecord }: Omit<SegmentWalk, 'checks'>,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<number | undefined> {
  let bytes = 0;
  let unread = 0;
  const count = (piece: Uint8Array): void => {
    unread += piece.length;
    onBytes?.(piece);
  };
  const lines = readSegmentLines(segment, { disk, onBytes: count });
  try {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) return value ? bytes : undefined;
      eachRecord(value, (record) => {
        const sound = walk.take(record);
        onRecord?.(sound);
      });
      bytes += value.length;
      onRead(unread);
      unread = 0;
    }
  } catch (error) {
    if (error instanceof ArchiveBroken) throw new Fault(nextPosition(walk.head), error.message);
    throw error;
  } finally {
    await lines.return(false);
  }
}

/**
 * Checks a sealed segment: its records, and everything that the manifest says of it.
 *
 * @param pruned what retention did to it last.
 * @throws Fault
 */
export async function checkSealed(
  segment: { readonly path: string; readonly name: string; readonly fact: SegmentSealed; readonly pruned?: SegmentPruned },
  parts: SegmentWalk,
): Promise<void> {
  const { path, name, fact, pruned } = segment;
  const { walk, checks } = parts;
  const before = { records: walk.records, pruned: walk.pruned, next: nextPosition(walk.head) };
  if (checks('place') && fact.firstSeq !== walk.head.seq + 1)
    throw new Fault(
      before.next,
      `The manifest goes on with the segment that begins with ${fact.firstPosition}: one in between is missing, or comes twice.`,
    );
  const hash = createHash('sha256');
  let gzBytes = 0;
  const bytes = await walkSegment({ path, isSealed: true }, parts, (piece) => {
    hash.update(piece);
    gzBytes += piece.length;
  });
  if (bytes === undefined) throw new Fault(fact.firstPosition, `${name} is missing.`);
  const file = pruned ?? fact;
  const found = {
    lastPosition: positionOf(walk.head),
    records: walk.records - before.records,
    head: walk.head.hash,
    frontier: walk.frontier.encode().join(),
    'records without content': walk.pruned - before.pruned,
    bytes,
    gzBytes,
    sha256: hash.digest('hex'),
  };
  const stated = {
    ...{ lastPosition: fact.lastPosition, records: fact.records, head: fact.head, frontier: fact.frontier.join() },
    'records without content': pruned?.pruned ?? 0,
    ...{ bytes: file.bytes, gzBytes: file.gzBytes, sha256: file.sha256 },
  };
  for (const [what, value] of Object.entries(found)) {
    if (!isChecked(what, checks) || value === stated[what as keyof typeof stated]) continue;
    throw new Fault(
      what === 'lastPosition' && walk.head.seq < fact.lastSeq ? nextPosition(walk.head) : fact.firstPosition,
      `${name} is not the segment that was sealed: its ${what} is ${value}, and the manifest has ${stated[what as keyof typeof stated]}.`,
    );
  }
}

const isChecked = (what: string, checks: Checks): boolean =>
  what === 'head' ? checks('chain') : what === 'frontier' ? checks('tree') : what === 'lastPosition' ? checks('place') : checks('manifest');
