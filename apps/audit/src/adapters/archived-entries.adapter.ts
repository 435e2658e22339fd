import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ArchiveLog } from '@torch/archive';
import type { ArchivedEntries, ArchivedEntry, ReadArchive } from '@torch/contracts';
import { formatPosition } from '@torch/log';
import { TORCH_ENV, type TorchEnv } from '@torch/platform';

/** Of one answer, but for its last entry: an answer is one message on the log server. */
const ANSWER_CHARS_MAX = 4 * 1024 * 1024;
/** Readers that are kept for the next page, all partitions together. */
const KEPT_MAX = 64;
/** Whoever reads on asks again at once. */
const KEPT_MS = 5000;

interface KeptReader {
  readonly archive: ArchiveLog;
  readonly timer: NodeJS.Timeout;
}

/**
 * Gives back what was trimmed off the log server, from the archive. Whoever asks for the page behind the last one is read on
 * for: a segment is not unpacked anew for each page of it.
 */
@Injectable()
export class ArchivedEntriesReader implements OnModuleDestroy {
  /** By the place that they have come to; the oldest first. */
  private readonly kept = new Map<string, KeptReader>();

  constructor(@Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'archiveDir'>) {}

  async read(partition: number, { afterSeq, limit }: ReadArchive): Promise<ArchivedEntries> {
    const archive = this.takeKept(placeOf(partition, afterSeq)) ?? new ArchiveLog({ dir: this.env.archiveDir });
    let goesOnBehind: number | undefined;
    try {
      const archivedSeq = (await archive.archived(partition)).seq;
      const entries: ArchivedEntry[] = [];
      let seq = afterSeq;
      // One by one, so that large entries are not all there at once; the reader stands where the answer ends.
      for (let chars = 0; entries.length < limit && chars < ANSWER_CHARS_MAX && seq < archivedSeq; seq++) {
        for (const { position, body } of await archive.read(partition, seq, 1)) {
          entries.push({ position: formatPosition(position), body });
          chars += body.length;
        }
      }
      const pruned = archive.pruned(partition).records > 0;
      if (!pruned && seq < archivedSeq) goesOnBehind = seq;
      return { entries, pruned };
    } finally {
      if (goesOnBehind === undefined) await archive.close();
      else this.keep(placeOf(partition, goesOnBehind), archive);
    }
  }

  async onModuleDestroy(): Promise<void> {
    for (const place of [...this.kept.keys()]) await this.takeKept(place)?.close();
  }

  private takeKept(place: string): ArchiveLog | undefined {
    const kept = this.kept.get(place);
    clearTimeout(kept?.timer);
    this.kept.delete(place);
    return kept?.archive;
  }

  private keep(place: string, archive: ArchiveLog): void {
    this.letGo(place); // Two that read the same go on with one reader.
    const [oldest] = this.kept.keys();
    if (oldest !== undefined && this.kept.size >= KEPT_MAX) this.letGo(oldest);
    this.kept.set(place, { archive, timer: setTimeout(() => this.letGo(place), KEPT_MS).unref() });
  }

  private letGo(place: string): void {
    void this.takeKept(place)?.close();
  }
}

const placeOf = (partition: number, seq: number): string => `${partition}/${seq}`;
