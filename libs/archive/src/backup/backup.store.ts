/** Where backups are kept, each under its id. */
export interface BackupStore {
  /** For people. */
  readonly address: string;
  /** Ids of the backups that are whole, oldest first. */
  list(): Promise<readonly string[]>;
  /** A file's text; undefined when there is none. */
  readText(id: string, path: string): Promise<string | undefined>;
  /** @throws BackupRefused when there is one of that id. */
  begin(id: string): Promise<BackupWriter>;
  /** All of a backup in a directory of this machine. */
  fetch(id: string): Promise<LocalBackup>;
}

/** A backup that is being made. Nobody sees it before `commit`. */
export interface BackupWriter {
  /** Replaces the file when it was put before. */
  put(path: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Takes over a file of an earlier backup. False when it is not there any more. */
  reuse(earlier: string, path: string): Promise<boolean>;
  /** Does nothing when it was not put. */
  remove(path: string): Promise<void>;
  /** The backup is there, whole and durable, once this resolves. */
  commit(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): Promise<void>;
}

export interface LocalBackup {
  readonly dir: string;
  /** Nothing in `dir` is used any more. */
  release(): Promise<void>;
}
