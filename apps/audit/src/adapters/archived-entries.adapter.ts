import { Inject, Injectable } from '@nestjs/common';
import { ArchiveLog } from '@torch/archive';
import type { ArchivedEntries, ArchivedEntry, ReadArchive } from '@torch/contracts';
import { formatPosition } from '@torch/log';
import { TORCH_ENV, type TorchEnv } from '@torch/platform';

/** Of one answer, beyond its first entry: an answer is one message on the log server. */
const ANSWER_CHARS_MAX = 4 * 1024 * 1024;

/** Gives back what was trimmed off the log server, from the archive. */
@Injectable()
export class ArchivedEntriesReader {
  constructor(@Inject(TORCH_ENV) private readonly env: Pick<TorchEnv, 'archiveDir'>) {}

  async read(partition: number, { afterSeq, limit }: ReadArchive): Promise<ArchivedEntries> {
    const archive = new ArchiveLog({ dir: this.env.archiveDir });
    try {
      if ((await archive.archived(partition)).seq <= afterSeq) return { entries: [], pruned: false };
      const entries: ArchivedEntry[] = [];
      let chars = 0;
      for (const { position, body } of await archive.read(partition, afterSeq, limit)) {
        if (entries.length > 0 && chars + body.length > ANSWER_CHARS_MAX) break;
        entries.push({ position: formatPosition(position), body });
        chars += body.length;
      }
      return { entries, pruned: archive.pruned(partition).records > 0 };
    } finally {
      await archive.close();
    }
  }
}
