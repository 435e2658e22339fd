import { type BackupStore, DirectoryStore, openS3Store } from '@torch/archive';
import { join, resolve } from 'node:path';
import type { CliContext } from '../cli-context';

/** In the help of every command that takes a place. */
export const PLACE_HELP = 'a directory, or s3://bucket/prefix; default: TORCH_BACKUP_STORE, or backups in the data directory';

/** Where backups are: as given, as `TORCH_BACKUP_STORE` says, or in the data directory. */
export async function backupStore({ io, dataDir }: CliContext, given?: string): Promise<BackupStore> {
  const place = given ?? (io.env.TORCH_BACKUP_STORE || join(dataDir.root, 'backups'));
  return place.startsWith('s3:') ? openS3Store(place) : new DirectoryStore(resolve(io.cwd, place));
}
