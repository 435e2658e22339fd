import { ensureLogNote, type LogNote, readLogNote } from '@torch/archive';
import type { LogServer } from '@torch/log';
import type { TorchEnv } from '@torch/platform';

/**
 * The log that the archive is of. A log server that has none gets that one; an archive that has none belongs to the log that
 * the log server has.
 *
 * @throws ArchiveBroken, LogUnavailable; the system's error when the disk refuses.
 */
export async function archivedLog(
  server: Pick<LogServer, 'identity'>,
  { archiveDir, partitions }: Pick<TorchEnv, 'archiveDir' | 'partitions'>,
): Promise<LogNote> {
  const noted = await readLogNote({ dir: archiveDir });
  const identity = await server.identity(noted ?? { partitions });
  return noted ?? ensureLogNote({ dir: archiveDir, identity, nowMs: Date.now() });
}
