import { copyFile, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatPosition } from '@torch/log';
import { archiveHead } from '../archive-head';
import { LOG_NOTE, NOTARY_KEYS } from '../archive.layout';
import { readArchive } from '../archive.reader';
import { NODE_DISK } from '../node-disk.adapter';
import { checkpointSigner } from '../notary/checkpoint.signer';
import { ensureNotaryKey, loadNotaryKey, notaryKeyPath, readVerifierKeys } from '../notary/notary-keys';
import { noteRestored } from '../recovery/restored-generation';
import { readLogNote } from '../segment-list';
import type { VerifyProgress } from '../verify/verdict';
import { verifyArchive } from '../verify/verify-archive';
import { cutPartition, lastSeqBy, recordedAtMs } from './archive.cut';
import { BackupBroken, BackupRefused } from './backup.errors';
import { readBackup } from './backup.list';
import { BACKUP_ARCHIVE, BACKUP_SETTINGS, type BackupManifest } from './backup.manifest';
import type { BackupStore } from './backup.store';
import { checkFiles } from './backup.verify';

/** In the restored archive: from which backup it is, and where it was cut. */
export const RESTORED_NOTE = 'restored.json';

/** Where a restored history ends: with what was recorded up to a time, or with a position of one partition. */
export type RestorePoint =
  | { readonly atMs: number }
  /** Without a generation: whichever the seq has. */
  | { readonly partition: number; readonly seq: number; readonly generation?: number };

export interface RestoreBackup {
  readonly store: BackupStore;
  readonly id: string;
  /** Empty, or not there yet. */
  readonly dataDir: string;
  /** Default: everything that the backup has. */
  readonly point?: RestorePoint;
  /** File with the private key that signed so far; without it a new one is made where something must be signed. */
  readonly notaryKey?: string;
  readonly nowMs: number;
  readonly onFile?: (bytes: number, bytesInAll: number) => void;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

export interface RestoredPartition {
  readonly partition: number;
  /** Where it ends now. */
  readonly position: string;
  /** Where it ended in the backup, if that was further. */
  readonly cutFrom?: string;
}

export interface RestoredBackup {
  readonly id: string;
  readonly dataDir: string;
  readonly logId: string;
  readonly createdAtMs: number;
  readonly partitions: readonly RestoredPartition[];
}

/**
 * Puts a backup's archive into an empty data directory, where the next start of Torch brings the log back from it. What
 * was put there has been verified once this resolves; before that, nothing is there under the archive's name.
 *
 * @throws BackupRefused when the directory is not empty, or the history has no such point; BackupBroken.
 */
export async function restoreBackup(request: RestoreBackup): Promise<RestoredBackup> {
  const { store, id, dataDir } = request;
  await assertEmpty(dataDir);
  const manifest = await readBackup(store, id);
  const unfinished = join(dataDir, `${BACKUP_ARCHIVE}.tmp`);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    await copyFiles(manifest, unfinished, request);
    const partitions = await cut(manifest, unfinished, request);
    await assertSound(unfinished, request);
    const { logId, createdAtMs } = manifest;
    const restored = { id, dataDir, logId, createdAtMs, partitions };
    await writeFile(join(unfinished, RESTORED_NOTE), `${JSON.stringify({ ...restored, restoredAtMs: request.nowMs }, null, 2)}\n`, {
      mode: 0o600,
    });
    await rename(unfinished, join(dataDir, BACKUP_ARCHIVE));
    await NODE_DISK.syncDir(dataDir);
    return restored;
  } catch (error) {
    await Promise.all((await readdir(dataDir)).map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
    throw error;
  }
}

async function assertEmpty(dataDir: string): Promise<void> {
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0)
    throw new BackupRefused(
      `${dataDir} is not empty (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}). Restore into a directory that is empty or not there yet, and start Torch on that one.`,
    );
}

async function copyFiles(manifest: BackupManifest, unfinished: string, { store, id, dataDir, onFile }: RestoreBackup): Promise<void> {
  const local = await store.fetch(id);
  try {
    const bad = await checkFiles(local.dir, manifest.files, onFile);
    if (bad[0]) throw new BackupBroken(`${store.address}/${id} cannot be restored: ${bad[0].path}: ${bad[0].problem}`);
    for (const { path } of manifest.files) {
      const to =
        path === BACKUP_SETTINGS ? join(dataDir, `restored-${BACKUP_SETTINGS}`) : join(unfinished, path.slice(BACKUP_ARCHIVE.length + 1));
      await mkdir(dirname(to), { recursive: true, mode: 0o700 });
      await copyFile(join(local.dir, path), to);
      await syncFile(to);
    }
  } finally {
    await local.release();
  }
}

async function cut(manifest: BackupManifest, dir: string, request: RestoreBackup): Promise<RestoredPartition[]> {
  if (request.notaryKey !== undefined) await takeOverKey(request.notaryKey, request.dataDir);
  const { point } = request;
  if (!point) {
    for (const { partition } of manifest.ends) await noteRestored({ dir, partition }, request, NODE_DISK);
    return manifest.ends.map(({ partition, position }) => ({ partition, position }));
  }
  const last = await lastSeqs(manifest, dir, point);
  const key = await ensureNotaryKey({ dataDir: request.dataDir, archiveDir: dir }, manifest.logId);
  const partitions: RestoredPartition[] = [];
  for (const { partition, position } of manifest.ends) {
    const throughSeq = last.get(partition) ?? 0;
    const isCut = throughSeq < Number(position.split('-')[0]);
    const place = { dir, partition };
    const sign = checkpointSigner({ logId: manifest.logId, partition, signer: () => key });
    if (isCut) await cutPartition(place, throughSeq, sign);
    await noteRestored(place, { least: Number(position.split('-')[1]), nowMs: request.nowMs }, NODE_DISK);
    const { seq, generation } = await archiveHead({ dir, partition });
    partitions.push({ partition, position: formatPosition({ seq, generation }), ...(isCut && { cutFrom: position }) });
  }
  return partitions;
}

/** The last seq of each partition that is to be left. */
async function lastSeqs(manifest: BackupManifest, dir: string, point: RestorePoint): Promise<Map<number, number>> {
  const atMs = 'atMs' in point ? point.atMs : await timeOf(dir, point);
  const last = new Map<number, number>();
  for (const { partition } of manifest.ends) last.set(partition, await lastSeqBy({ dir, partition }, atMs));
  if ('seq' in point) last.set(point.partition, point.seq);
  if ([...last.values()].every((seq) => seq === 0))
    throw new BackupRefused(`Nothing had happened by ${new Date(atMs).toISOString()}: there is nothing to be restored.`);
  return last;
}

async function timeOf(dir: string, { partition, seq, generation }: Extract<RestorePoint, { partition: number }>): Promise<number> {
  for await (const [record] of readArchive({ dir, partition, afterSeq: seq - 1, throughSeq: seq })) {
    if (!record || (generation !== undefined && record.position.generation !== generation)) break;
    const atMs = recordedAtMs(record);
    if (atMs !== undefined) return atMs;
    throw new BackupRefused(
      `Retention has removed ${formatPosition(record.position)} of partition ${partition}: when it was is not known. Name a time.`,
    );
  }
  throw new BackupRefused(`Partition ${partition} of the backup has no ${seq}${generation === undefined ? '' : `-${generation}`}.`);
}

async function takeOverKey(from: string, dataDir: string): Promise<void> {
  const to = notaryKeyPath({ dataDir });
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await copyFile(from, to);
  loadNotaryKey({ dataDir });
}

async function assertSound(dir: string, { onProgress }: RestoreBackup): Promise<void> {
  if (!(await readLogNote({ dir }))) throw new BackupBroken(`The backup has no ${LOG_NOTE}.`);
  const keys = await readVerifierKeys(join(dir, NOTARY_KEYS)).catch(() => []);
  const verdict = await verifyArchive({ dir, keys, onProgress });
  const bad = verdict.partitions.find(({ ok }) => !ok);
  if (verdict.ok) return;
  const where = bad
    ? `partition ${bad.partition} at ${bad.badPosition ?? 'an unknown position'}: ${bad.problem ?? ''}`
    : (verdict.problem ?? '');
  throw new BackupBroken(`What was restored does not verify, and was taken away again: ${where}`);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
