import { join } from 'node:path';
import { openSegmentName, partitionDir, sha256 } from '@torch/archive';
import { CHAIN_START, type ChainHead, chainRecord, encodeRecord } from '@torch/domain-audit';
import type { LogEntry } from '@torch/log';
import { MemoryDisk } from './memory-disk';

/** The right to write one partition's archive: whoever takes it next ends it. */
export interface WriteLock {
  readonly isHeld: boolean;
}

/**
 * The archive of a simulated world: real records in a disk in memory, as the real recovery reads them. Only the writer is a
 * stand-in, since the real one has timers of its own: it writes one record at a time into one segment, durably at once.
 */
export class SimulatedArchive {
  static readonly DIR = '/archive';
  readonly disk = new MemoryDisk();
  private readonly heads = new Map<number, ChainHead>();
  private readonly locks = new Map<number, { isHeld: boolean }>();

  head(partition: number): ChainHead {
    return this.heads.get(partition) ?? CHAIN_START;
  }

  lock(partition: number): WriteLock {
    const before = this.locks.get(partition);
    if (before) before.isHeld = false;
    const lock = { isHeld: true };
    this.locks.set(partition, lock);
    return lock;
  }

  unlock(lock: WriteLock): void {
    for (const known of this.locks.values()) if (known === lock) known.isHeld = false;
  }

  /** Adds what comes next; a record that is there already is passed over. False: somebody else writes now. */
  add(partition: number, { position, body }: LogEntry, lock: WriteLock): boolean {
    if (!lock.isHeld) return false;
    const head = this.head(partition);
    if (position.seq <= head.seq) return true;
    if (position.seq !== head.seq + 1)
      throw new Error(`The archive of partition ${partition} ends at ${head.seq} and was given ${position.seq}.`);
    const record = chainRecord(head.hash, { ...position, body }, sha256);
    this.disk.append(join(partitionDir({ dir: SimulatedArchive.DIR, partition }), openSegmentName(1)), `${encodeRecord(record)}\n`);
    this.heads.set(partition, { ...position, hash: record.hash });
    return true;
  }
}
