import { join } from 'node:path';
import { parseCheckpoint, parseNote } from '@torch/domain-audit';
import { type FencedDisk, readInto, readWhole, replaceFile, unfinishedPath } from './archive-disk';
import { ArchiveBroken } from './archive.errors';
import { type ArchivePlace, checkpointPath, manifestPath, partitionDir, segmentsAmong, UNFINISHED } from './archive.layout';
import { ArchivedRecord } from './archived-record';
import { lostPage, wholeBytes } from './lost-page';
import { readManifest } from './manifest.reader';
import { finishPruning } from './retention/archive.pruning';

const COPY_BYTES = 1024 * 1024;

/**
 * Makes the files of an archive the new holder's own. Whoever had it before may be paused in the middle of anything:
 *
 * - what it had not finished goes, so that it is renamed into place before this, or never;
 * - what it may still have open to add to, the open segment and the manifest, is copied to a new file: late writes go to a file
 *   without a name.
 *
 * What a power cut has left of the open segment's last flush is cut where the first page is missing.
 *
 * @throws ArchiveBroken when a page is missing of what was signed; nothing is changed then, but for what was not finished.
 */
export async function takeOverFiles(place: ArchivePlace, disk: FencedDisk): Promise<void> {
  const dir = partitionDir(place);
  await disk.makeDir(dir);
  for (const name of await disk.list(dir)) if (name.endsWith(UNFINISHED)) await disk.remove(join(dir, name));
  await renewManifest(place, disk);
  const open = segmentsAmong(place, await disk.list(dir)).findLast(({ isSealed }) => !isSealed);
  if (open) await renewSegment(open.path, place, disk);
  await disk.syncDir(dir);
  await finishPruning(place, disk, (await readManifest(place, disk)).sealed);
}

async function renewManifest(place: ArchivePlace, disk: FencedDisk): Promise<void> {
  const path = manifestPath(place);
  const found = (await readWhole(disk, path)) ?? Buffer.alloc(0);
  await replaceFile(disk, { dir: partitionDir(place), path }, found.subarray(0, wholeBytes(found)));
}

async function renewSegment(path: string, place: ArchivePlace, disk: FencedDisk): Promise<void> {
  const from = await disk.openToRead(path);
  if (!from) throw new ArchiveBroken(`${path} was taken away while it was opened.`);
  const unfinished = unfinishedPath(path, disk);
  try {
    const hole = await lostPage(from);
    if (hole) await assertUnsigned(hole.lastLine, path, place, disk);
    const end = hole?.bytes ?? (await from.size());
    const to = await disk.openToWrite(unfinished);
    try {
      await to.truncate(0);
      for (let at = 0; at < end;) {
        const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, end - at));
        const count = await readInto(from, buffer, at);
        if (count === 0) break; // Cut back by the holder before, in the same moment.
        await to.write(buffer.subarray(0, count), at);
        at += count;
      }
      await to.sync();
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  await disk.rename(unfinished, path);
}

/** What a checkpoint covers was durable before it was signed. */
async function assertUnsigned(last: Buffer | undefined, path: string, place: ArchivePlace, disk: FencedDisk): Promise<void> {
  const note = await readWhole(disk, checkpointPath(place));
  const text = note && parseNote(note.toString('utf8'))?.text;
  const signed = text === undefined ? 0 : (parseCheckpoint(text)?.size ?? 0);
  const whole = (last && ArchivedRecord.of(last)?.position.seq) ?? 0;
  if (whole < signed && signed > 0)
    throw new ArchiveBroken(`${path} has lost a page behind record ${whole}, and its checkpoint was signed for ${signed} records.`);
}
