import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export const SNAPSHOTS_KEPT = 3;
export const SNAPSHOT_PRUNE_EVERY_MS = 60_000;

/** Dragonfly writes a snapshot every minute, each of several files `torch-<timestamp>-…`, and never removes one. Keeps the newest. */
export function pruneDragonflySnapshots(folder: string, kept = SNAPSHOTS_KEPT): void {
  const byTimestamp = new Map<string, string[]>();
  for (const file of readdirSync(folder)) {
    const [, timestamp] = /^torch-(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)-.*\.dfs$/.exec(file) ?? [];
    if (timestamp) byTimestamp.set(timestamp, [...(byTimestamp.get(timestamp) ?? []), file]);
  }
  // One that has no summary yet is still being written: it does not count as one to keep.
  const whole = [...byTimestamp]
    .filter(([, files]) => files.some((file) => file.endsWith('-summary.dfs')))
    .sort(([a], [b]) => b.localeCompare(a));
  for (const [, files] of whole.slice(kept)) for (const file of files) rmSync(join(folder, file), { force: true });
}
