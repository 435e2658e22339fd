import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArchive } from '@torch/archive';
import type { AnyEvent } from '@torch/kernel';
import { encodeCommit, partitionOf } from '@torch/log';

export const ARCHIVE_PARTITIONS = 4;
/** When the first commit was recorded; each later one a minute after the one before. */
export const ARCHIVE_START_MS = Date.UTC(2026, 10, 1);
const MINUTE_MS = 60_000;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export type MadeEvent = Pick<AnyEvent, 'type' | 'subject'> & Partial<AnyEvent>;

/** What a partition's commits hold, segment by segment; the last segment stays open. */
export type MadeArchive = Readonly<Record<number, readonly (readonly (readonly MadeEvent[])[])[]>>;

export function emptyArchive(): string {
  const dir = mkdtempSync(join(tmpdir(), 'torch-archive-'));
  folders.push(dir);
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, 'log.json'),
    JSON.stringify({ format: 1, logId: 'log-1', partitions: ARCHIVE_PARTITIONS, createdAtMs: ARCHIVE_START_MS }),
  );
  return dir;
}

/** An archive as the notary writes it. */
export async function archiveOf(partitions: MadeArchive): Promise<string> {
  const dir = emptyArchive();
  for (const [partition, segments] of Object.entries(partitions)) {
    const archive = await openArchive({ dir, partition: Number(partition), sign: () => 'a checkpoint' });
    let seq = 0;
    for (const [n, commits] of segments.entries()) {
      for (const events of commits) {
        archive.add({ position: { seq: ++seq, generation: 0 }, body: bodyOf(seq, events) });
      }
      await archive.flush();
      if (n < segments.length - 1) await archive.seal();
    }
    await archive.close();
  }
  return dir;
}

/** The partition where everything of the default project is. */
export const DEFAULT_PARTITION = partitionOf('default', ARCHIVE_PARTITIONS);

function bodyOf(seq: number, events: readonly MadeEvent[]): string {
  return encodeCommit({
    service: 'scheduler',
    epoch: 7,
    recordedAtMs: ARCHIVE_START_MS + (seq - 1) * MINUTE_MS,
    consumed: { entry: '0-0', commands: 0, seq: 0 },
    answers: [],
    events: events.map((event) => ({ v: 1, project: 'default', actor: 'user:operator', correlationId: 'c-1', data: { seq }, ...event })),
  });
}
