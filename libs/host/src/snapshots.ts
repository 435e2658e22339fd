import { createHash } from 'node:crypto';
import { type Caches, type Log, type LogEntry, LogRegressed, type Position } from '@torch/log';
import type { EncodedPartition, PartitionState } from './partition-state';

interface StoredSnapshot {
  readonly version: number;
  /** Version of the decider's own format. */
  readonly stateVersion: number;
  readonly position: Position;
  /** Of the entry at `position`: a snapshot of a history that the log has lost is not used. */
  readonly entryHash: string;
  readonly partition: EncodedPartition;
}

/** Version of what surrounds the deciders' states. */
const SNAPSHOT_VERSION = 1;

/** Keeps states of owners, so that they need not read the whole log at every start. A cache: it can be deleted at any time. */
export class Snapshots {
  constructor(
    private readonly caches: Caches,
    private readonly log: Log,
  ) {}

  /** False when the state is too large for the cache: the next start replays more of the log instead. */
  async write<State>(partition: number, state: PartitionState<State>): Promise<boolean> {
    const position = resumePosition(state);
    const entry = await this.entryAt(partition, position.seq);
    if (!entry) return true; // Nothing to keep yet.
    const snapshot: StoredSnapshot = {
      version: SNAPSHOT_VERSION,
      stateVersion: state.decider.snapshot.version,
      position: entry.position,
      entryHash: hash(entry.body),
      partition: state.encode(),
    };
    const text = JSON.stringify(snapshot);
    if (Buffer.byteLength(text) > this.caches.bytesMax) return false;
    await this.caches.set(partition, snapshotName(state.service), text);
    await this.log.setTrimGuard(partition, snapshotName(state.service), entry.position.seq);
    return true;
  }

  /** Restores the newest snapshot that fits this build and this log's history. False: start from the first entry. */
  async restore<State>(partition: number, state: PartitionState<State>): Promise<boolean> {
    const text = await this.caches.get(partition, snapshotName(state.service));
    if (text === undefined) return false;
    const snapshot = JSON.parse(text) as StoredSnapshot;
    if (snapshot.version !== SNAPSHOT_VERSION || snapshot.stateVersion !== state.decider.snapshot.version) return false;
    const entry = await this.entryAt(partition, snapshot.position.seq);
    if (!entry || hash(entry.body) !== snapshot.entryHash || entry.position.generation !== snapshot.position.generation) return false;
    state.restore(snapshot.partition, entry.position);
    return true;
  }

  private async entryAt(partition: number, seq: number): Promise<LogEntry | undefined> {
    if (seq === 0) return undefined;
    try {
      return (await this.log.read(partition, seq - 1, 1))[0];
    } catch (error) {
      if (error instanceof LogRegressed) return undefined; // The log is shorter than what the cache has kept of it.
      throw error;
    }
  }
}

/** Behind this, everything is read again; what is in the state already is passed over. */
function resumePosition<State>(state: PartitionState<State>): Position {
  return { seq: Math.min(state.foreignSeq, state.read.seq), generation: state.read.generation };
}

const snapshotName = (service: string): string => `snapshot:${service}`;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
