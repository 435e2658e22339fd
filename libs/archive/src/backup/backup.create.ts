import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type NoteSigner, signNote } from '@torch/domain-audit';
import { parsePosition } from '@torch/log';
import { type ArchiveDisk, readWhole } from '../archive-disk';
import { ArchiveBroken } from '../archive.errors';
import {
  type ArchivePlace,
  CHECKPOINT,
  LOG_NOTE,
  MANIFEST,
  NOTARY_KEYS,
  openSegmentName,
  partitionDir,
  partitionName,
} from '../archive.layout';
import { sha256 } from '../hashing';
import { NODE_DISK } from '../node-disk.adapter';
import { KEY_ROTATIONS } from '../notary/key-rotations';
import { GATE_NOTE } from '../recovery/gate.note';
import { readLogNote } from '../segment-list';
import { listStates } from '../states/archived-states';
import { stampOfStates, stateFiles } from '../states/state-files';
import { BackupBroken, BackupRefused } from './backup.errors';
import { readBackup } from './backup.list';
import {
  BACKUP_ARCHIVE,
  BACKUP_MANIFEST,
  BACKUP_NOTE,
  BACKUP_SETTINGS,
  type BackupEnd,
  type BackupFile,
  backupId,
  type BackupManifest,
  backupNoteText,
  encodeBackupManifest,
} from './backup.manifest';
import type { BackupStore, BackupWriter } from './backup.store';
import { type Hashed, hashed } from './hashed-stream';
import { openLines, type PartitionSnapshot, SnapshotMoved, snapshotPartition } from './partition.snapshot';

/** Times that a partition is copied anew because retention worked on it meanwhile. */
const COPIES_MAX = 5;

export interface CreateBackup {
  readonly archiveDir: string;
  readonly store: BackupStore;
  /** How Torch is set up, without secrets. */
  readonly settings: object;
  /** Of this Torch. */
  readonly version: string;
  /** Signs the manifest; absent where there is no key. */
  readonly signer?: NoteSigner;
  readonly nowMs: number;
  /** Four hex digits that keep two backups of one instant apart. */
  readonly chance: string;
  readonly onProgress?: (progress: BackupProgress) => void;
  readonly disk?: ArchiveDisk;
}

export interface BackupProgress {
  readonly partition: number;
  readonly partitions: number;
  /** Copied so far, and taken over from the backup before. */
  readonly bytesCopied: number;
  readonly bytesReused: number;
}

export interface CreatedBackup {
  readonly manifest: BackupManifest;
  readonly isSigned: boolean;
  readonly bytesCopied: number;
  readonly bytesReused: number;
}

/**
 * Copies an archive as of the newest checkpoint of each partition, while it may be written. The backup appears when it is
 * whole.
 *
 * @throws BackupRefused when there is no archive; ArchiveBroken; the store's error.
 */
export async function createBackup(request: CreateBackup): Promise<CreatedBackup> {
  const { archiveDir, store, disk = NODE_DISK, nowMs, chance } = request;
  const note = await readLogNote({ dir: archiveDir }, disk);
  if (!note) throw new BackupRefused(`There is no archive in ${archiveDir} yet: audit makes it when it first starts.`);
  const earlier = await newestOf(store, note.logId);
  const id = backupId(nowMs, chance);
  const writer = await store.begin(id);
  try {
    const making = new BackupMaking({ ...request, disk }, writer, earlier);
    const ends: BackupEnd[] = [];
    for (let partition = 0; partition < note.partitions; partition++) {
      ends.push(await making.copyPartition(partition));
      request.onProgress?.({ partition, partitions: note.partitions, ...making.counted });
    }
    for (const name of [LOG_NOTE, NOTARY_KEYS, KEY_ROTATIONS]) await making.copySmall(join(archiveDir, name), `${BACKUP_ARCHIVE}/${name}`);
    await making.put(BACKUP_SETTINGS, Buffer.from(`${JSON.stringify(request.settings, null, 2)}\n`));
    const { logId } = note;
    const manifest: BackupManifest = {
      format: 1,
      id,
      createdAtMs: nowMs,
      version: request.version,
      logId,
      ...(earlier && { previous: earlier.id }),
      ends,
      files: making.files(),
    };
    await making.seal(manifest);
    await writer.commit();
    return { manifest, isSigned: request.signer !== undefined, ...making.counted };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** The newest backup of this log whose manifest can be read. */
async function newestOf(store: BackupStore, logId: string): Promise<BackupManifest | undefined> {
  for (const id of [...(await store.list())].reverse()) {
    const manifest = await readBackup(store, id).catch((error: unknown) => {
      if (error instanceof BackupBroken) return undefined; // Everything is copied, then.
      throw error;
    });
    if (manifest?.logId === logId) return manifest;
  }
  return undefined;
}

class BackupMaking {
  private readonly done = new Map<string, BackupFile>();
  private readonly known: ReadonlyMap<string, BackupFile>;
  private bytesCopied = 0;
  private bytesReused = 0;

  constructor(
    private readonly request: CreateBackup & { readonly disk: ArchiveDisk },
    private readonly writer: BackupWriter,
    private readonly earlier: BackupManifest | undefined,
  ) {
    this.known = new Map(earlier?.files.map((file) => [file.path, file]));
  }

  get counted(): { readonly bytesCopied: number; readonly bytesReused: number } {
    const { bytesCopied, bytesReused } = this;
    return { bytesCopied, bytesReused };
  }

  files(): readonly BackupFile[] {
    return [...this.done.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async copyPartition(partition: number): Promise<BackupEnd> {
    for (let copy = 1; ; copy++) {
      try {
        return await this.copyOnce(partition);
      } catch (error) {
        if (!(error instanceof SnapshotMoved)) throw error;
        await this.forget(partition);
        if (copy === COPIES_MAX)
          throw new ArchiveBroken(`Partition ${partition} did not fit together ${COPIES_MAX} times: ${error.message}`);
      }
    }
  }

  private async forget(partition: number): Promise<void> {
    const folder = `${BACKUP_ARCHIVE}/${partitionName(partition)}/`;
    for (const path of this.done.keys()) {
      if (!path.startsWith(folder)) continue;
      await this.writer.remove(path);
      this.done.delete(path);
    }
  }

  private async copyOnce(partition: number): Promise<BackupEnd> {
    const { archiveDir, disk } = this.request;
    const place = { dir: archiveDir, partition };
    const folder = `${BACKUP_ARCHIVE}/${partitionName(partition)}`;
    const states = await stampOfStates(place, disk);
    for await (const { name, body } of stateFiles(place, disk)) await this.put(`${folder}/${name}`, body);
    const snapshot = await snapshotPartition(place, disk);
    await this.assertStatesFit(place, snapshot.position, states);
    for (const file of snapshot.sealed) await this.copySealed(file, `${folder}/${file.name}`);
    if (snapshot.open) await this.put(`${folder}/${openSegmentName(snapshot.open.firstSeq)}`, openLines(place, snapshot.open, disk));
    await this.put(`${folder}/${MANIFEST}`, snapshot.manifest);
    if (snapshot.checkpoint) await this.put(`${folder}/${CHECKPOINT}`, snapshot.checkpoint);
    await this.copySmall(join(partitionDir(place), GATE_NOTE), `${folder}/${GATE_NOTE}`);
    return { partition, position: snapshot.position, chain: snapshot.chain };
  }

  /** What was taken out of the archive needs the very states that were there then, and these what is in the copy. */
  private async assertStatesFit(place: ArchivePlace, position: string, stamp: string): Promise<void> {
    const { disk } = this.request;
    if ((await stampOfStates(place, disk)) !== stamp) throw new SnapshotMoved(`The states of partition ${place.partition} were replaced.`);
    const ahead = (await listStates(place, disk)).find(({ seen }) => seen.seq > parsePosition(position).seq);
    if (ahead)
      throw new SnapshotMoved(`The state of ${ahead.service} is of more than the checkpoint of partition ${place.partition} covers.`);
  }

  /** A sealed segment does not change, unless retention takes something out of it: then its hash is another. */
  private async copySealed({ path, sha256: expected }: PartitionSnapshot['sealed'][number], to: string): Promise<void> {
    const known = this.known.get(to);
    if (known?.sha256 === expected && this.earlier && (await this.writer.reuse(this.earlier.id, to))) {
      this.done.set(to, known);
      this.bytesReused += known.bytes;
      return;
    }
    const { sha256: found } = await this.put(to, readStream(path));
    if (found !== expected) throw new SnapshotMoved(`${path} is not the file that its manifest tells of.`);
  }

  async copySmall(path: string, to: string): Promise<void> {
    const bytes = await readWhole(this.request.disk, path);
    if (bytes) await this.put(to, bytes);
  }

  async put(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<Hashed> {
    let found: Hashed | undefined;
    await this.writer.put(
      path,
      hashed(content instanceof Uint8Array ? [content] : content, (end) => (found = end)),
    );
    const { bytes, sha256: hash } = found as Hashed;
    this.done.set(path, { path, bytes, sha256: hash });
    this.bytesCopied += bytes;
    return { bytes, sha256: hash };
  }

  /** The manifest last: a backup without one is none. */
  async seal(manifest: BackupManifest): Promise<void> {
    const text = encodeBackupManifest(manifest);
    const { signer } = this.request;
    const put = (path: string, content: string): Promise<void> =>
      this.writer.put(
        path,
        hashed([Buffer.from(content)], () => undefined),
      );
    if (signer) await put(BACKUP_NOTE, signNote(backupNoteText(manifest, sha256(text)), [signer]));
    await put(BACKUP_MANIFEST, text);
  }
}

/** @throws SnapshotMoved when the file is not there (any more). */
async function* readStream(path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new SnapshotMoved(`${path} is not there.`);
    throw error;
  }
}
