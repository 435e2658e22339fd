import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { ManifestFact, ManifestLine } from '@torch/domain-audit';
import { type ArchiveDisk, readWhole } from '../archive-disk';
import type { ArchiveFence } from '../archive-fence';
import { ArchiveBroken } from '../archive.errors';
import { CHECKPOINT, LOG_NOTE, MANIFEST, NOTARY_KEYS, partitionDir, partitionName, sealedSegmentName } from '../archive.layout';
import { sha256 } from '../hashing';
import { type ManifestRead, readManifest } from '../manifest.reader';
import { NODE_DISK } from '../node-disk.adapter';
import { KEY_ROTATIONS } from '../notary/key-rotations';
import { stateFiles } from '../states/state-files';
import { STATES_NOTE } from '../states/states.note';
import type { ObjectStore } from './object-store';

/** The archive whose segments are uploaded, as its writer offers it. */
export interface UploadedArchive {
  readonly facts: readonly ManifestLine[];
  /** Asked before anything is put: whoever has lost the archive puts nothing of it any more. */
  readonly fence: Pick<ArchiveFence, 'assertHeld'>;
  note(fact: ManifestFact): Promise<void>;
}

export interface UploadsConfig {
  /** Segments of all partitions that are under way at a time; each takes its size in memory. */
  readonly uploadsMax: number;
  /** Before an upload that failed is tried again; doubled with every failure. */
  readonly uploadRetryMs: number;
  readonly uploadRetryMsMax: number;
}

export const UPLOADS_DEFAULTS: UploadsConfig = { uploadsMax: 2, uploadRetryMs: 1000, uploadRetryMsMax: 60_000 };

export interface UploadsParts {
  readonly dir: string;
  readonly store: ObjectStore;
  readonly config: UploadsConfig;
  readonly disk?: ArchiveDisk;
  /** An episode of failing began (with the error) or ended. */
  readonly onChange?: (partition: number, error: Error | undefined) => void;
}

type Segment = ManifestRead['sealed'][number];

/** Where an object of this content belongs; what was pruned is another object than what it was before. */
export const segmentKey = (partition: number, { firstSeq }: Pick<Segment, 'firstSeq'>, prunedHash?: string): string => {
  const name = sealedSegmentName(firstSeq);
  return `${partitionName(partition)}/${prunedHash === undefined ? name : name.replace('.ndjson', `-${prunedHash.slice(0, 16)}.ndjson`)}`;
};

/** Uploads sealed segments in the background. What is not uploaded is known from the manifest, so that it goes on after a restart. */
export class SegmentUploads {
  private readonly running = new Map<number, { ended: Promise<void>; again: boolean; stop: AbortController }>();
  private underWay = 0;
  private readonly queue: (() => void)[] = [];
  private readonly failing = new Set<number>();
  /** Keys that were found to be gone. */
  private readonly removed = new Set<string>();

  constructor(private readonly parts: UploadsParts) {}

  /** There may be something new to upload. */
  sealed(archive: UploadedArchive, partition: number): void {
    const found = this.running.get(partition);
    if (found) {
      found.again = true;
      return;
    }
    const state = { ended: Promise.resolve(), again: true, stop: new AbortController() };
    this.running.set(partition, state);
    state.ended = this.run(archive, partition, state).finally(() => {
      this.running.delete(partition);
    });
  }

  /** Starts nothing more for this partition. Resolves when nothing of it is under way. */
  async released(partition: number): Promise<void> {
    const state = this.running.get(partition);
    state?.stop.abort();
    await state?.ended;
    this.failing.delete(partition);
  }

  private async run(archive: UploadedArchive, partition: number, state: { again: boolean; stop: AbortController }): Promise<void> {
    const { uploadRetryMs, uploadRetryMsMax } = this.parts.config;
    const { signal } = state.stop;
    for (let failures = 0; state.again && !signal.aborted;) {
      state.again = false;
      try {
        await this.uploadMissing(archive, partition, signal);
        if (signal.aborted) return;
        failures = 0;
        this.tell(partition, undefined);
      } catch (error) {
        if (signal.aborted) return;
        this.tell(partition, error as Error);
        state.again = true;
        const ms = Math.min(uploadRetryMsMax, uploadRetryMs * 2 ** Math.min(failures++, 16));
        await after(ms, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async uploadMissing(archive: UploadedArchive, partition: number, signal: AbortSignal): Promise<void> {
    const { dir, disk = NODE_DISK } = this.parts;
    const { sealed } = await readManifest({ dir, partition }, disk);
    await this.uploadStates(archive, partition);
    const uploaded = new Set(archive.facts.flatMap((fact) => (fact.kind === 'uploaded' ? [`${fact.firstSeq} ${fact.sha256}`] : [])));
    for (const segment of sealed) {
      if (uploaded.has(`${segment.firstSeq} ${segment.sha256}`)) continue;
      if (signal.aborted) return;
      await this.inTurn(() => this.upload(archive, partition, segment));
    }
    if (signal.aborted) return;
    await this.uploadNotes(archive, partition);
    await this.removeSuperseded(archive, partition);
  }

  /** Before what makes them necessary: a segment whose content is gone. The note that speaks of them goes last. */
  private async uploadStates({ fence }: UploadedArchive, partition: number): Promise<void> {
    const { dir, store, disk = NODE_DISK } = this.parts;
    const place = { dir, partition };
    const noteKey = `${partitionName(partition)}/${STATES_NOTE}`;
    const note = await readWhole(disk, join(dir, noteKey));
    if (!note || (await store.head(noteKey))?.sha256 === sha256(note)) return;
    for await (const { name, body } of stateFiles(place, disk)) {
      await fence.assertHeld();
      await store.put({ key: `${partitionName(partition)}/${name}`, body, sha256: sha256(body) });
    }
  }

  /** What retention has taken out of a segment is taken out of the store, once the store has the manifest that says so. */
  private async removeSuperseded({ facts, fence }: UploadedArchive, partition: number): Promise<void> {
    const { store } = this.parts;
    const newest = new Map<number, string>();
    for (const fact of facts) if (fact.kind === 'uploaded' && fact.store === store.name) newest.set(fact.firstSeq, fact.key);
    const superseded = facts.flatMap((fact) =>
      fact.kind === 'uploaded' && fact.store === store.name && newest.get(fact.firstSeq) !== fact.key && !this.removed.has(fact.key)
        ? [fact.key]
        : [],
    );
    if (superseded.length === 0) return;
    const there = new Set(await store.list(`${partitionName(partition)}/segment-`));
    for (const key of superseded) {
      if (there.has(key)) {
        await fence.assertHeld();
        await store.remove(key);
      }
      this.removed.add(key);
    }
  }

  private async upload(archive: UploadedArchive, partition: number, segment: Segment): Promise<void> {
    const { dir, store, disk = NODE_DISK } = this.parts;
    const isPruned = archive.facts.some(({ kind, firstSeq }) => kind === 'pruned' && firstSeq === segment.firstSeq);
    const key = segmentKey(partition, segment, isPruned ? segment.sha256 : undefined);
    const path = join(partitionDir({ dir, partition }), sealedSegmentName(segment.firstSeq));
    const body = await readWhole(disk, path);
    if (!body || sha256(body) !== segment.sha256) throw new ArchiveBroken(`${path} is not what its manifest says; it is not uploaded.`);
    await archive.fence.assertHeld();
    const done = await store.put({ key, body, sha256: segment.sha256, ifAbsent: true });
    if (done === 'exists') await this.assertSame(key, segment);
    await archive.note({
      kind: 'uploaded',
      firstSeq: segment.firstSeq,
      lastSeq: segment.lastSeq,
      store: store.name,
      key,
      sha256: segment.sha256,
      gzBytes: body.length,
      uploadedAtMs: Date.now(),
    });
  }

  /** @throws ArchiveBroken when the store holds something else under the key: it is never written over. */
  private async assertSame(key: string, segment: Segment): Promise<void> {
    const { store } = this.parts;
    const found = await store.head(key);
    const hash = found?.sha256 ?? sha256((await store.get(key)) ?? Buffer.alloc(0));
    if (hash !== segment.sha256)
      throw new ArchiveBroken(
        `${store.name}/${key} has SHA-256 ${hash}, and the segment here ${segment.sha256}: two archives of one log differ.`,
      );
  }

  /** What grows is put anew: the manifest, the newest checkpoint, what log it is of, and the notary's public keys. */
  private async uploadNotes({ fence }: UploadedArchive, partition: number): Promise<void> {
    const { dir, store, disk = NODE_DISK } = this.parts;
    const name = partitionName(partition);
    for (const key of [LOG_NOTE, NOTARY_KEYS, KEY_ROTATIONS, `${name}/${CHECKPOINT}`, `${name}/${MANIFEST}`]) {
      const body = await readWhole(disk, join(dir, key));
      if (!body) continue;
      const hash = sha256(body);
      if ((await store.head(key))?.sha256 === hash) continue;
      await fence.assertHeld();
      await store.put({ key, body, sha256: hash });
    }
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    if (this.underWay >= this.parts.config.uploadsMax) await new Promise<void>((go) => this.queue.push(go));
    else this.underWay++;
    try {
      await work();
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.underWay--;
    }
  }

  private tell(partition: number, error: Error | undefined): void {
    if (this.failing.has(partition) === (error !== undefined)) return;
    if (error) this.failing.add(partition);
    else this.failing.delete(partition);
    this.parts.onChange?.(partition, error);
  }
}
