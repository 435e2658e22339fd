import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

/** Replaces the file's text so that a reader sees the old or the new one, whole, whenever it looks. Mode 600 by default. */
export function writeFileAtomically(path: string, text: string, mode = 0o600): void {
  const draft = `${path}.${process.pid}.tmp`;
  const fd = openSync(draft, 'w', mode);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, path);
}
