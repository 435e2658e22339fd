import { createHash } from 'node:crypto';
import type { Caches, Log, Position } from '@torch/log';
import { pageName, type SnapshotHead, snapshotName } from './snapshots';

/** A cache value under its name. */
export type CacheEntry = readonly [name: string, value: string];

/** A service's snapshot as the log server keeps it, to be kept elsewhere and put back as it is. */
export interface SnapshotCopy {
  readonly service: string;
  /** What is behind it is read again. */
  readonly position: Position;
  /** The log must have this one for the snapshot to be used. */
  readonly seen: Position;
  /** The pages, and the head that names them last. @throws SnapshotReplaced */
  readonly entries: () => AsyncIterable<CacheEntry>;
}

/** The owner has written newer ones while this one was read. */
export class SnapshotReplaced extends Error {}

/** The newest snapshot of a service; undefined when it has none. */
export async function copySnapshot(caches: Caches, partition: number, service: string): Promise<SnapshotCopy | undefined> {
  const text = await caches.get(partition, snapshotName(service));
  if (text === undefined) return undefined;
  const { position, seen, slot, pageHashes } = JSON.parse(text) as SnapshotHead;
  async function* entries(): AsyncGenerator<CacheEntry> {
    for (const [n, pageHash] of pageHashes.entries()) {
      const name = pageName(service, slot, n);
      const page = (await caches.get(partition, name)) ?? '';
      if (createHash('sha256').update(page).digest('hex') !== pageHash)
        throw new SnapshotReplaced(`The snapshot of ${service} on partition ${partition} was replaced while it was read.`);
      yield [name, page];
    }
    yield [snapshotName(service), text as string];
  }
  return { service, position, seen: seen.position, entries };
}

/** Whether the service can begin with what the log server has of it, at `position` or later. */
export async function hasUsableSnapshot(
  { caches, log }: { readonly caches: Caches; readonly log: Log },
  partition: number,
  { service, position }: Pick<SnapshotCopy, 'service' | 'position'>,
): Promise<boolean> {
  const found = await copySnapshot(caches, partition, service);
  if (!found || found.position.seq < position.seq || found.seen.seq > (await log.head(partition)).seq) return false;
  const [entry] = await log.read(partition, found.seen.seq - 1, 1);
  return entry?.position.generation === found.seen.generation;
}
