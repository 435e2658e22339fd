import { join } from 'node:path';
import { type ArchiveDisk, readWhole, replaceFile } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import {
  CHECKPOINT,
  LOG_NOTE,
  MANIFEST,
  NOTARY_KEYS,
  partitionDir,
  partitionName,
  partitionOfName,
  sealedSegmentName,
} from '../archive.layout';
import { sha256 } from '../hashing';
import { parseManifest } from '../manifest.reader';
import { NODE_DISK } from '../node-disk.adapter';
import { KEY_ROTATIONS } from '../notary/key-rotations';
import { GATE_NOTE } from '../recovery/gate.note';
import { noteRestored } from '../recovery/restored-generation';
import { readLogNote } from '../segment-list';
import { readStatesNote, STATES_NOTE, type StatesNote } from '../states/states.note';
import type { ObjectStore } from './object-store';
import { segmentKey } from './segment-uploads';

export interface RestoreRequest {
  /** The archive's directory. Nobody may write to the partitions meanwhile. */
  readonly dir: string;
  readonly store: ObjectStore;
  /** Default: all that the store has. */
  readonly partitions?: readonly number[];
  readonly disk?: ArchiveDisk;
  readonly nowMs?: () => number;
}

export interface Restored {
  readonly segments: number;
  readonly bytes: number;
}

/**
 * Downloads what the store has and this directory lacks. What is here is never replaced by something else, only carried on:
 * it may be done again at any time, and picks up where it stopped.
 *
 * @throws ArchiveBroken when the store holds another log, a history that differs from the one here, or a segment that is not
 * what its manifest says; nothing that differs was changed.
 */
export async function restoreFromStore({ dir, store, partitions, disk = NODE_DISK, nowMs = Date.now }: RestoreRequest): Promise<Restored> {
  await disk.makeDir(dir);
  const restore = new Restore(dir, store, disk, nowMs);
  await restore.logNote();
  await restore.lines(NOTARY_KEYS);
  await restore.lines(KEY_ROTATIONS);
  const all = partitions ?? (await partitionsOf(store));
  for (const partition of all) await restore.partition(partition);
  return restore.done;
}

async function partitionsOf(store: ObjectStore): Promise<number[]> {
  const names = new Set((await store.list('p')).map((key) => key.split('/')[0] ?? ''));
  return [...names].map(partitionOfName).filter((partition) => partition !== undefined);
}

class Restore {
  readonly done = { segments: 0, bytes: 0 };

  constructor(
    private readonly dir: string,
    private readonly store: ObjectStore,
    private readonly disk: ArchiveDisk,
    private readonly nowMs: () => number,
  ) {}

  async logNote(): Promise<void> {
    const stored = await this.store.get(LOG_NOTE);
    if (!stored) return;
    const { dir, disk } = this;
    const path = join(dir, LOG_NOTE);
    const here = await readLogNote({ dir }, disk);
    if (!here) return replaceFile(disk, { dir, path }, stored);
    const { logId } = JSON.parse(stored.toString('utf8')) as { logId?: unknown };
    if (logId !== here.logId)
      throw new ArchiveBroken(`${this.store.name} is the archive of log ${String(logId)}, and ${dir} that of log ${here.logId}.`);
  }

  /** A file whose lines are only ever added to, in any order. */
  async lines(name: string): Promise<void> {
    const stored = (await this.store.get(name))?.toString('utf8').split('\n') ?? [];
    const path = join(this.dir, name);
    const here = (await readWhole(this.disk, path))?.toString('utf8') ?? '';
    const known = new Set(here.split('\n'));
    const more = stored.filter((line) => line !== '' && !known.has(line));
    if (more.length === 0) return;
    await replaceFile(this.disk, { dir: this.dir, path }, Buffer.from(`${here}${more.join('\n')}\n`));
  }

  async partition(partition: number): Promise<void> {
    const place = { dir: this.dir, partition };
    const key = `${partitionName(partition)}/${MANIFEST}`;
    const stored = await this.store.get(key);
    if (!stored) return;
    const dir = partitionDir(place);
    await this.disk.makeDir(dir);
    const path = join(dir, MANIFEST);
    const here = (await readWhole(this.disk, path)) ?? Buffer.alloc(0);
    const whole = here.subarray(0, parseManifest(here, path).bytes);
    const { sealed, lines, bytes } = parseManifest(stored, `${this.store.name}/${key}`);
    const newer = stored.subarray(0, bytes);
    const isHereNewer = whole.length >= newer.length;
    if (!(isHereNewer ? whole.subarray(0, newer.length).equals(newer) : newer.subarray(0, whole.length).equals(whole)))
      throw new ArchiveBroken(`${this.store.name}/${key} and ${path} tell different histories.`);
    await this.states(place);
    const names = await this.disk.list(dir);
    const known = parseManifest(whole, path).lines.length;
    for (const segment of sealed) {
      const isPrunedIn = (facts: typeof lines): boolean =>
        facts.some(({ kind, firstSeq }) => kind === 'pruned' && firstSeq === segment.firstSeq);
      const isPruned = isPrunedIn(lines);
      // What is here may still have what was taken out since.
      if (names.includes(sealedSegmentName(segment.firstSeq)) && (isHereNewer || !isPrunedIn(lines.slice(known)))) continue;
      await this.segment(place, segment, segmentKey(partition, segment, isPruned ? segment.sha256 : undefined));
    }
    if (!names.includes(GATE_NOTE) && sealed.length > 0) await noteRestored(place, { nowMs: this.nowMs() }, this.disk);
    if (isHereNewer) return;
    const checkpoint = await this.store.get(`${partitionName(partition)}/${CHECKPOINT}`);
    await replaceFile(this.disk, { dir, path }, newer);
    if (checkpoint) await replaceFile(this.disk, { dir, path: join(dir, CHECKPOINT) }, checkpoint);
  }

  /** Newer ones than those here, with what they are needed for: the note goes last. */
  private async states(place: { dir: string; partition: number }): Promise<void> {
    const dir = partitionDir(place);
    const prefix = `${partitionName(place.partition)}/`;
    const note = await this.store.get(`${prefix}${STATES_NOTE}`);
    const { neededSeq = 1 } = note ? (JSON.parse(note.toString('utf8')) as Partial<StatesNote>) : {};
    if (!note || neededSeq <= (await readStatesNote(place, this.disk)).neededSeq) return;
    for (const key of await this.store.list(`${prefix}state-`)) {
      const body = await this.store.get(key);
      if (body) await replaceFile(this.disk, { dir, path: join(dir, key.slice(prefix.length)) }, body);
    }
    await replaceFile(this.disk, { dir, path: join(dir, STATES_NOTE) }, note);
  }

  private async segment(
    place: { dir: string; partition: number },
    { firstSeq, sha256: hash }: { firstSeq: number; sha256: string },
    key: string,
  ): Promise<void> {
    const body = await this.store.get(key);
    if (!body) throw new ArchiveBroken(`${this.store.name}/${key} is missing, and its manifest lists it.`);
    if (sha256(body) !== hash)
      throw new ArchiveBroken(`${this.store.name}/${key} is not what its manifest says: its SHA-256 is ${sha256(body)}.`);
    const dir = partitionDir(place);
    await replaceFile(this.disk, { dir, path: join(dir, sealedSegmentName(firstSeq)) }, body);
    this.done.segments++;
    this.done.bytes += body.length;
  }
}
