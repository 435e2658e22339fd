import type { AnyEvent } from '@torch/kernel';
import { invariant } from '@torch/kernel';
import { keysOf } from './event-keys';

/** A posting is one number: 27 bits of the key's hash, then 26 bits of the record's place. Such numbers are exact and sort fast. */
const OFFSET_BITS = 26;
export const RECORDS_MAX = 2 ** OFFSET_BITS;
const HASH_BITS = 27;

/** What a commit tells an index; a record without content tells nothing. */
export interface IndexedCommit {
  /** Epoch ms. */
  readonly recordedAtMs: number;
  readonly events: readonly AnyEvent[];
}

/**
 * Where things are in one stretch of history. May name records that have nothing to do with a key, never misses one that
 * has: whoever looks something up checks what it finds.
 */
export class HistoryPart {
  constructor(
    readonly firstSeq: number,
    /** For each record the latest time up to there, epoch ms: clocks of different services differ, and this still grows. */
    readonly latestMs: Float64Array,
    /** Ascending. */
    readonly postings: Float64Array,
  ) {}

  get lastSeq(): number {
    return this.firstSeq + this.latestMs.length - 1;
  }

  /** Seq of the first record that was recorded after this time; undefined when none was. */
  firstSeqAfter(atMs: number): number | undefined {
    const index = firstIndex(this.latestMs, (ms) => ms > atMs);
    return index === this.latestMs.length ? undefined : this.firstSeq + index;
  }

  /** Ascending. */
  seqsOf(key: string): number[] {
    const from = hashOf(key) * RECORDS_MAX;
    const seqs: number[] = [];
    for (let i = firstIndex(this.postings, (posting) => posting >= from); i < this.postings.length; i++) {
      const offset = (this.postings[i] as number) - from;
      if (offset >= RECORDS_MAX) break;
      seqs.push(this.firstSeq + offset);
    }
    return seqs;
  }
}

/** Gathers a `HistoryPart`, record by record. */
export class HistoryPartBuilder {
  private times = new Float64Array(1024);
  private postings = new Float64Array(8192);
  private records = 0;
  private count = 0;

  constructor(private readonly firstSeq: number) {}

  add({ recordedAtMs, events }: IndexedCommit): void {
    invariant(this.records < RECORDS_MAX, `An index of history holds at most ${RECORDS_MAX} records.`);
    const before = this.records === 0 ? -Infinity : (this.times[this.records - 1] as number);
    this.times = withRoom(this.times, this.records + 1);
    this.times[this.records] = Math.max(before, recordedAtMs);
    const hashes = new Set<number>();
    for (const event of events) for (const key of keysOf(event)) hashes.add(hashOf(key));
    this.postings = withRoom(this.postings, this.count + hashes.size);
    for (const hash of hashes) this.postings[this.count++] = hash * RECORDS_MAX + this.records;
    this.records++;
  }

  finish(): HistoryPart {
    return new HistoryPart(this.firstSeq, this.times.slice(0, this.records), this.postings.slice(0, this.count).sort());
  }
}

/** FNV-1a over UTF-16 code units, cut to its upper bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15; // The last character alone would reach only the lower bits.
  hash = Math.imul(hash, 0x85ebca6b);
  return hash >>> (32 - HASH_BITS);
}

function firstIndex(sorted: Float64Array, fits: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(sorted[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function withRoom(array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Float64Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
