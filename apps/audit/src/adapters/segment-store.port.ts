import type { ArchiveDisk, ArchiveFailure, PartitionArchive } from '@torch/archive';

/** Takes sealed segments elsewhere, such as to an object store, and brings back what is missing here. */
export interface ArchiveFollower {
  /** There may be something new to take. Called when the archive is opened, and after each segment. */
  sealed(archive: PartitionArchive, partition: number): void;
  /** The archive is about to be closed. Resolves when nothing is written to it any more. */
  released(partition: number): Promise<void>;
  /** Before the archive is looked at, on the disk of its fence. @throws GateShut when what is there contradicts what is here. */
  restore(partition: number, disk: ArchiveDisk): Promise<void>;
  /** What keeps segments from being taken. */
  failing(partition: number): ArchiveFailure | undefined;
}

export const ARCHIVE_FOLLOWER = Symbol('ARCHIVE_FOLLOWER');
