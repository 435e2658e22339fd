import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { openNote, type VerifierKey } from '@torch/domain-audit';
import { NOTARY_KEYS } from '../archive.layout';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import { verifyEd25519 } from '../notary/ed25519';
import { trustedKeys } from '../notary/key-rotations';
import { readVerifierKeys } from '../notary/notary-keys';
import type { ArchiveVerdict, VerifyProgress } from '../verify/verdict';
import { verifyArchive } from '../verify/verify-archive';
import { readBackup } from './backup.list';
import { BACKUP_ARCHIVE, BACKUP_MANIFEST, BACKUP_NOTE, type BackupFile, type BackupManifest, backupNoteText } from './backup.manifest';
import type { BackupStore } from './backup.store';
import { hashOfFile } from './hashed-stream';

export interface VerifyBackup {
  readonly store: BackupStore;
  readonly id: string;
  /** Public keys that are trusted; default: those in the backup, which prove only that it fits together. */
  readonly keys?: readonly VerifierKey[];
  readonly onFile?: (bytes: number, bytesInAll: number) => void;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

export interface BackupVerdict {
  readonly ok: boolean;
  readonly id: string;
  readonly files: number;
  readonly bytes: number;
  /** Files that are missing or are not what the manifest says. */
  readonly badFiles: readonly { readonly path: string; readonly problem: string }[];
  readonly signature: 'good' | 'none' | 'bad';
  /** Of the archive in it; absent when files are bad already. */
  readonly archive?: ArchiveVerdict;
  /** What is wrong with the backup as a whole. */
  readonly problem?: string;
}

/** Checks every file against the manifest, the manifest against its signature, and the archive in it as an auditor does. */
export async function verifyBackup(request: VerifyBackup): Promise<BackupVerdict> {
  const { store, id } = request;
  const manifest = await readBackup(store, id);
  const local = await store.fetch(id);
  try {
    const badFiles = await checkFiles(local.dir, manifest.files, request.onFile);
    const counted = { id, files: manifest.files.length, bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0), badFiles };
    if (badFiles.length > 0) return { ok: false, ...counted, signature: 'none', problem: 'Files are missing, or were changed.' };
    const dir = join(local.dir, BACKUP_ARCHIVE);
    const keys = request.keys ?? (await keysIn(dir));
    const { signature, problem } = await checkSignature(store, manifest, await trustedKeys({ dir, keys }, NODE_DISK));
    const archive = await verifyArchive({ dir, keys, onProgress: request.onProgress });
    return { ok: archive.ok && signature !== 'bad', ...counted, signature, archive, ...(problem !== undefined && { problem }) };
  } finally {
    await local.release();
  }
}

/** Which of the files are missing or changed. */
export async function checkFiles(
  dir: string,
  files: readonly BackupFile[],
  onFile: VerifyBackup['onFile'] = () => undefined,
): Promise<{ path: string; problem: string }[]> {
  const bad: { path: string; problem: string }[] = [];
  const bytesInAll = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytesRead = 0;
  for (const { path, bytes, sha256: expected } of files) {
    const problem = await problemOf(join(dir, path), { bytes, sha256: expected });
    if (problem !== undefined) bad.push({ path, problem });
    onFile((bytesRead += bytes), bytesInAll);
  }
  return bad;
}

async function problemOf(path: string, expected: Pick<BackupFile, 'bytes' | 'sha256'>): Promise<string | undefined> {
  try {
    const found = await hashOfFile(path);
    if (found.bytes !== expected.bytes) return `It has ${found.bytes} bytes, and had ${expected.bytes}.`;
    return found.sha256 === expected.sha256 ? undefined : 'It is not what it was: its hash is another.';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'It is missing.';
    throw error;
  }
}

async function checkSignature(
  store: BackupStore,
  manifest: BackupManifest,
  keys: readonly VerifierKey[],
): Promise<Pick<BackupVerdict, 'signature' | 'problem'>> {
  const note = await store.readText(manifest.id, BACKUP_NOTE);
  if (note === undefined) return { signature: 'none' };
  const opened = openNote(note, keys, verifyEd25519);
  if (!opened.ok) return { signature: 'bad', problem: `The manifest's signature does not hold. ${opened.problem}` };
  const text = (await store.readText(manifest.id, BACKUP_MANIFEST)) ?? '';
  if (opened.text === backupNoteText(manifest, sha256(text))) return { signature: 'good' };
  return { signature: 'bad', problem: `${BACKUP_MANIFEST} is not the one that was signed.` };
}

/** None where there are none yet: of a log without a record. */
async function keysIn(dir: string): Promise<readonly VerifierKey[]> {
  const path = join(dir, NOTARY_KEYS);
  const isThere = await readFile(path).then(
    (bytes) => bytes.length > 0,
    () => false,
  );
  return isThere ? readVerifierKeys(path) : [];
}
