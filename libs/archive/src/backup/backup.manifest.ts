import { BackupBroken } from './backup.errors';

/** What a backup is, and every file of it but itself and its note. */
export const BACKUP_MANIFEST = 'backup.json';
/** A signed note (C2SP) that names the manifest's hash; absent where there was no key. */
export const BACKUP_NOTE = 'backup.note';
/** The archive's files. */
export const BACKUP_ARCHIVE = 'audit';
/** How Torch was set up, without secrets. */
export const BACKUP_SETTINGS = 'settings.json';

export interface BackupFile {
  /** In the backup: `audit/p03/manifest.ndjson`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where a partition ends in a backup: where its newest checkpoint does. */
export interface BackupEnd {
  readonly partition: number;
  /** `<seq>-<generation>`; `0-0` when there is nothing. */
  readonly position: string;
  /** Hash of the chain there. */
  readonly chain: string;
}

export interface BackupManifest {
  readonly format: 1;
  /** Also the name of its place: `20261122T210115.123Z-1f3a`. In the order of the alphabet, and of time. */
  readonly id: string;
  /** Epoch ms. */
  readonly createdAtMs: number;
  /** Of the Torch that made it. */
  readonly version: string;
  readonly logId: string;
  /** The one whose files were taken over where they had not changed. Each backup is whole without it. */
  readonly previous?: string;
  readonly ends: readonly BackupEnd[];
  readonly files: readonly BackupFile[];
}

export const BACKUP_ID = /^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{4}$/;

/** @param chance four hex digits that keep two backups of one instant apart. */
export function backupId(createdAtMs: number, chance: string): string {
  return `${new Date(createdAtMs).toISOString().replaceAll(/[-:]/g, '')}-${chance}`;
}

/** What the notary signs. It cannot be taken for a checkpoint. */
export const backupNoteText = ({ logId, id }: Pick<BackupManifest, 'logId' | 'id'>, manifestSha256: string): string =>
  `torch-backup\n${logId}\n${id}\n${manifestSha256}\n`;

export const encodeBackupManifest = (manifest: BackupManifest): string => `${JSON.stringify(manifest, null, 2)}\n`;

const PATH = /^(?:audit\/(?:p\d{2,4}\/)?)?[A-Za-z0-9][A-Za-z0-9.-]*$/;

/** @param from where the text was read, for the message. @throws BackupBroken when it is no manifest. */
export function decodeBackupManifest(text: string, from: string): BackupManifest {
  let found: Partial<BackupManifest>;
  try {
    found = JSON.parse(text) as Partial<BackupManifest>;
  } catch {
    throw new BackupBroken(`${from} is not JSON.`);
  }
  if (found.format !== 1) throw new BackupBroken(`${from} has format ${String(found.format)}; this program reads format 1.`);
  const isWhole =
    BACKUP_ID.test(found.id ?? '') &&
    typeof found.logId === 'string' &&
    Number.isSafeInteger(found.createdAtMs) &&
    Array.isArray(found.ends) &&
    Array.isArray(found.files) &&
    found.files.every(isFile);
  if (!isWhole) throw new BackupBroken(`${from} does not say what a backup's manifest says.`);
  return found as BackupManifest;
}

/** A path that leads out of the backup is none of a backup's. */
function isFile(file: Partial<BackupFile> | null): boolean {
  return (
    typeof file?.path === 'string' && PATH.test(file.path) && Number.isSafeInteger(file.bytes) && /^[0-9a-f]{64}$/.test(file.sha256 ?? '')
  );
}
