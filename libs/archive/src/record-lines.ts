import { type ChainHead, writeRecord } from '@torch/domain-audit';
import type { Position } from '@torch/log';
import { type CommitOutline, outlineCommit } from './commit-outline';
import { sha256 } from './hashing';

/** A commit as the log holds it. */
export interface ArchiveEntry {
  readonly position: Position;
  readonly body: string;
}

/** A record whose line is in a batch. */
export interface BatchedRecord extends ChainHead {
  readonly leaf: string;
  readonly outline: CommitOutline;
}

/** Records that are made durable together: their lines, one behind the other in one buffer. */
export class RecordLines {
  readonly records: BatchedRecord[] = [];
  private length = 0;

  /** @param buffer is written over, and left for a larger one when it is too small. */
  constructor(private buffer: Buffer) {}

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  get size(): number {
    return this.length;
  }

  /** Adds the record that carries `entry` on from the record whose hash is `previous`. */
  add({ position: { seq, generation }, body }: ArchiveEntry, previous: string): BatchedRecord {
    const entry = { seq, generation, body, previous };
    let written = writeRecord(this.buffer, this.length, entry, sha256);
    while (!written) {
      const larger = Buffer.allocUnsafeSlow(this.buffer.length * 2);
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
      written = writeRecord(this.buffer, this.length, entry, sha256);
    }
    this.length = written.end;
    const record = { seq, generation, hash: written.hash, leaf: written.leaf, outline: outlineCommit(written.body) };
    this.records.push(record);
    return record;
  }

  /** The buffer, for other lines: these are not needed any more. */
  release(): Buffer {
    return this.buffer;
  }
}
