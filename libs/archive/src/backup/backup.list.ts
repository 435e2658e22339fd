import { BackupBroken, BackupRefused } from './backup.errors';
import { BACKUP_MANIFEST, BACKUP_NOTE, type BackupManifest, decodeBackupManifest } from './backup.manifest';
import type { BackupStore } from './backup.store';

/** @throws BackupBroken when its manifest is missing or cannot be read. */
export async function readBackup(store: BackupStore, id: string): Promise<BackupManifest> {
  const text = await store.readText(id, BACKUP_MANIFEST);
  if (text === undefined) throw new BackupBroken(`${store.address}/${id} has no ${BACKUP_MANIFEST}: it is no backup, or no longer one.`);
  return decodeBackupManifest(text, `${store.address}/${id}/${BACKUP_MANIFEST}`);
}

export interface ListedBackup {
  readonly id: string;
  readonly isSigned: boolean;
  readonly manifest?: BackupManifest;
  /** Why its manifest cannot be read. */
  readonly problem?: string;
}

/** Oldest first. */
export async function listBackups(store: BackupStore): Promise<readonly ListedBackup[]> {
  const backups: ListedBackup[] = [];
  for (const id of await store.list()) {
    const isSigned = (await store.readText(id, BACKUP_NOTE)) !== undefined;
    try {
      backups.push({ id, isSigned, manifest: await readBackup(store, id) });
    } catch (error) {
      if (!(error instanceof BackupBroken)) throw error;
      backups.push({ id, isSigned, problem: error.message });
    }
  }
  return backups;
}

/** The one that was named, or the newest. @throws BackupRefused when there is none. */
export async function chooseBackup(store: BackupStore, id?: string): Promise<string> {
  const ids = await store.list();
  const chosen = id ?? ids.at(-1);
  if (chosen !== undefined && ids.includes(chosen)) return chosen;
  const known = ids.length === 0 ? 'There is none.' : `There are: ${ids.slice(-5).join(', ')}.`;
  throw new BackupRefused(`There is no backup ${id ?? ''} in ${store.address}. ${known}`.replace('backup  in', 'backup in'));
}
