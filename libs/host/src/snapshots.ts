import { createHash } from 'node:crypto';
import { type Caches, type Log, type LogEntry, LogRegressed, LogUnavailable, type Position } from '@torch/log';
import { type HostLogger, SILENT_LOGGER } from './host.ports';
import type { EncodedPartition, PartitionState, ProjectPart } from './partition-state';

/** What a snapshot is, without the states, which are in pages of their own. */
export interface SnapshotHead {
  readonly version: number;
  /** Version of the decider's own format. */
  readonly stateVersion: number;
  /** Behind this, everything is read again; what is in the state already is passed over. */
  readonly position: Position;
  /** The furthest entry that the owner had seen, and so behind everything in the state: a snapshot of a history that the log has lost is not used. */
  readonly seen: { readonly position: Position; readonly hash: string };
  readonly partition: EncodedPartition;
  /** Pages are written beside those of the snapshot before, so that a crash in between leaves that one whole. */
  readonly slot: 0 | 1;
  /** Of each page, in their order. */
  readonly pageHashes: readonly string[];
}

/** A part of a project's state; or, without a project, of the answers that the owner remembers. */
type Line = ProjectPart | readonly [project: null, answers: unknown];

interface Restored<State> {
  readonly state: PartitionState<State>;
  readonly seen?: LogEntry;
}

/** Version of what surrounds the deciders' states. */
const SNAPSHOT_VERSION = 6;
/** Characters of a page, unless one part is longer by itself: nobody else has a turn while one is read or written. */
const PAGE_CHARS_MAX = 1024 * 1024;

/** Keeps states of owners, so that they need not read the whole log at every start. A cache: it can be deleted at any time. */
export class Snapshots {
  private slot: 0 | 1 = 0;
  private readonly pagesIn: [number, number] = [0, 0];

  constructor(
    private readonly caches: Caches,
    private readonly log: Log,
    private readonly logger: HostLogger = SILENT_LOGGER,
  ) {}

  /**
   * Between two pages others have their turn, such as the renewal of the lease; the state must not change until this is done.
   * False when it could not be written: the next start replays more of the log instead, and a warning says why.
   *
   * @param seen the furthest entry that was read or appended on the way to this state
   * @throws LogUnavailable
   */
  async write<State>(partition: number, state: PartitionState<State>, seen: LogEntry): Promise<boolean> {
    try {
      return await this.writeAll(partition, state, seen);
    } catch (error) {
      if (error instanceof LogUnavailable) throw error;
      this.warn(partition, state, 'could not be written; the next start reads more of the log', error);
      return false;
    }
  }

  private async writeAll<State>(partition: number, state: PartitionState<State>, seen: LogEntry): Promise<boolean> {
    const position = resumePosition(state);
    const slot = this.slot === 0 ? 1 : 0;
    const pageHashes = await this.writePages(partition, state, slot);
    if (!pageHashes) return false;
    const head: SnapshotHead = {
      version: SNAPSHOT_VERSION,
      stateVersion: state.decider.snapshot.version,
      position,
      seen: { position: seen.position, hash: hash(seen.body) },
      partition: state.encode(),
      slot,
      pageHashes,
    };
    const text = JSON.stringify(head);
    if (Buffer.byteLength(text) > this.caches.bytesMax) return false;
    await this.caches.set(partition, snapshotName(state.service), text);
    this.slot = slot;
    await this.log.setTrimGuard(partition, snapshotName(state.service), position.seq);
    return true;
  }

  /**
   * The state of the newest snapshot that fits this build and this log's history, and the entry that proves it: the reader has seen
   * that far. Without one, what `fresh` gives; one that cannot be read is none, and a warning says why. Between two pages others have
   * their turn.
   */
  async restore<State>(partition: number, fresh: () => PartitionState<State>): Promise<Restored<State>> {
    const state = fresh();
    const seen = await this.restoreInto(partition, state);
    return seen ? { state, seen } : { state: fresh() };
  }

  private async restoreInto<State>(partition: number, state: PartitionState<State>): Promise<LogEntry | undefined> {
    await this.log.head(partition); // Behind a shut gate, a snapshot may still be put back from the archive.
    const text = await this.caches.get(partition, snapshotName(state.service));
    if (text === undefined) return undefined;
    const head = this.understood(partition, state, () => JSON.parse(text) as SnapshotHead);
    if (head?.version !== SNAPSHOT_VERSION || head.stateVersion !== state.decider.snapshot.version) return undefined;
    const { slot, pageHashes, seen } = head;
    const entry = await this.entryAt(partition, seen.position.seq);
    if (!entry || hash(entry.body) !== seen.hash || entry.position.generation !== seen.position.generation) return undefined;
    const pageAt = (n: number) => (n < pageHashes.length ? this.caches.get(partition, pageName(state.service, slot, n)) : undefined);
    let coming = pageAt(0);
    for (const [n, pageHash] of pageHashes.entries()) {
      const page = await coming;
      coming = pageAt(n + 1); // On its way while this one is read.
      coming?.catch(() => undefined); // Awaited in the next round, unless this page ends it.
      if (page === undefined || hash(page) !== pageHash) return undefined;
      if (!this.understood(partition, state, () => restorePage(state, page))) return undefined;
    }
    if (!this.understood(partition, state, () => restoreRest(state, head))) return undefined;
    this.slot = slot;
    this.pagesIn[slot] = pageHashes.length;
    return entry;
  }

  /** The hash of each; undefined when the cache does not take one of them. */
  private async writePages<State>(partition: number, state: PartitionState<State>, slot: 0 | 1): Promise<readonly string[] | undefined> {
    const hashes: string[] = [];
    for (const page of pagesOf(linesOf(state))) {
      if (Buffer.byteLength(page) > this.caches.bytesMax) return undefined;
      await this.caches.set(partition, pageName(state.service, slot, hashes.length), page);
      hashes.push(hash(page));
      this.pagesIn[slot] = Math.max(this.pagesIn[slot], hashes.length);
    }
    for (let n = hashes.length; n < this.pagesIn[slot]; n++) await this.caches.set(partition, pageName(state.service, slot, n), '');
    this.pagesIn[slot] = hashes.length;
    return hashes;
  }

  /** What `read` gives, or undefined where it throws: a snapshot is a cache, and what is in it no reason to end. */
  private understood<State, T>(partition: number, state: PartitionState<State>, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.warn(partition, state, 'cannot be read; the log is replayed instead', error);
      return undefined;
    }
  }

  private warn<State>(partition: number, { service }: PartitionState<State>, what: string, error: unknown): void {
    this.logger.warn(`The snapshot of ${service} on partition ${partition} ${what}.`, {
      error: error instanceof Error ? error.stack : String(error),
    });
  }

  private async entryAt(partition: number, seq: number): Promise<LogEntry | undefined> {
    try {
      return (await this.log.read(partition, seq - 1, 1))[0];
    } catch (error) {
      if (error instanceof LogRegressed) return undefined; // The log is shorter than what the cache has kept of it.
      throw error;
    }
  }
}

function restorePage<State>(state: PartitionState<State>, page: string): true {
  for (const line of page.split('\n')) restoreLine(state, JSON.parse(line) as Line);
  return true;
}

function restoreRest<State>(state: PartitionState<State>, { partition, position }: SnapshotHead): true {
  state.restore(partition, position);
  return true;
}

function* linesOf<State>(state: PartitionState<State>): Iterable<Line> {
  for (const part of state.answered.encode()) yield [null, part];
  yield* state.encodeProjects();
}

function restoreLine<State>(state: PartitionState<State>, line: Line): void {
  if (line[0] === null) state.restoreAnswers(line[1]);
  else state.restorePart(line);
}

/** A page is a part a line. */
function* pagesOf(parts: Iterable<Line>): Iterable<string> {
  let lines: string[] = [];
  let chars = 0;
  for (const part of parts) {
    const line = JSON.stringify(part);
    if (lines.length > 0 && chars + line.length > PAGE_CHARS_MAX) {
      yield lines.join('\n');
      lines = [];
      chars = 0;
    }
    lines.push(line);
    chars += line.length;
  }
  if (lines.length > 0) yield lines.join('\n');
}

function resumePosition<State>(state: PartitionState<State>): Position {
  return { seq: Math.min(state.foreignSeq, state.read.seq), generation: state.read.generation };
}

export const snapshotName = (service: string): string => `snapshot:${service}`;
export const pageName = (service: string, slot: number, page: number): string => `snapshot-${slot}-${page}:${service}`;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
