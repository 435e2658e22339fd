import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Frontier, readPosition, type SegmentSealed } from '@torch/domain-audit';
import type { FencedDisk } from './archive-disk';
import type { ArchiveFailures } from './archive-failures';
import { ArchiveBroken, ArchiveLocked } from './archive.errors';
import { type ArchivePlace, openSegmentName, partitionDir } from './archive.layout';
import type { SignCheckpoint } from './checkpoint.writer';
import { sha256 } from './hashing';
import type { ManifestWriter } from './manifest.writer';
import { compressSegment, type FullSegment } from './segment.sealer';

interface Parts {
  readonly place: ArchivePlace;
  readonly disk: FencedDisk;
  readonly manifest: ManifestWriter;
  readonly sign: SignCheckpoint;
  readonly retryMs: number;
  readonly failures: ArchiveFailures;
  readonly onSealed: (fact: SegmentSealed) => void;
  /** The next segment may be handed over. */
  readonly onDone: () => void;
  readonly onBroken: (error: ArchiveBroken) => void;
}

/** Seals full segments in the background, one after the other, while the next one is written. */
export class SegmentSeals {
  private readonly queue: FullSegment[] = [];
  private running: Promise<void> | undefined;
  private readonly stopped = new AbortController();

  constructor(private readonly parts: Parts) {}

  /** A segment is being sealed; the next one has to wait before it is handed over. */
  get isBusy(): boolean {
    return this.queue.length > 0;
  }

  start(full: FullSegment): void {
    this.queue.push(full);
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** Resolves when nothing is left to be sealed, or sealing was stopped. */
  async idle(): Promise<void> {
    await this.running;
  }

  /** What is not finished is sealed when the archive is opened again. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { failures, retryMs, onDone, onBroken } = this.parts;
    const { signal } = this.stopped;
    for (let full = this.queue[0]; full && !signal.aborted; full = this.queue[0]) {
      try {
        await this.seal(full);
        this.queue.shift();
        failures.succeeded('seal');
        onDone();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ArchiveLocked) return; // The archive ends by itself.
        failures.failed('seal', error);
        if (error instanceof ArchiveBroken) return onBroken(error);
        await after(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** A try that failed behind the manifest's line is carried on there. */
  private async seal(full: FullSegment): Promise<void> {
    const { place, disk, manifest, sign, onSealed } = this.parts;
    const { signal } = this.stopped;
    if (!manifest.lines.some(({ kind, firstSeq }) => kind === 'sealed' && firstSeq === full.firstSeq)) {
      const written = await compressSegment({ place, disk, full, signal });
      const { records, events, bytes, projects, fromMs, toMs, head, frontier, ...ends } = full;
      const root = Frontier.decode(frontier, full.lastSeq, sha256).root();
      const generation = readPosition(full.lastPosition)?.generation ?? 0;
      const checkpoint = sign({ size: full.lastSeq, root, head: { seq: full.lastSeq, generation, hash: head }, manifest: manifest.hash });
      const fact: SegmentSealed = {
        kind: 'sealed',
        ...ends,
        ...{ records, events, bytes, ...written, projects, fromMs, toMs, head, frontier, checkpoint },
        sealedAtMs: Date.now(),
      };
      await manifest.append(fact);
      onSealed(fact);
    }
    await disk.remove(join(partitionDir(place), openSegmentName(full.firstSeq)));
  }
}
