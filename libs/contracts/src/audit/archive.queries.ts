import { AtMs, Flag, ListOf, Nested, Optional, Text, Whole } from '../field';

/** Entries of one answer to `ReadArchive`. */
export const ARCHIVED_ENTRIES_MAX = 500;

/** What a trim has taken off the log server, for a service that has to read it again. */
export class ReadArchive {
  @Whole() afterSeq!: number;
  @Whole({ min: 1, max: ARCHIVED_ENTRIES_MAX }) limit!: number;
}

export class ArchivedEntry {
  @Text({ max: 41 }) position!: string;
  /** The commit as the log held it. */
  @Text({ max: 2_097_152 }) body!: string;
}

/** In order and without a hole; fewer than asked for where they are large. None: the archive ends there. */
export class ArchivedEntries {
  @ListOf(() => ArchivedEntry, { max: ARCHIVED_ENTRIES_MAX }) entries!: ArchivedEntry[];
  /** Retention has removed the content of some of them: no state can be made of this history any more. */
  @Flag() pruned!: boolean;
}

export class GetArchiveStatus {}

/** What keeps a partition's archive from advancing, or from being sealed, signed or stored elsewhere. */
export class ArchiveFailing {
  /** `append` keeps acknowledgements at `archived` waiting; `seal`, `checkpoint` and `upload` do not. */
  @Text({ max: 20 }) activity!: string;
  /** The system's code, such as `ENOSPC`; `SLOW`, `LOCKED` or `BROKEN`. */
  @Text({ max: 60 }) code!: string;
  @Text({ max: 2000 }) message!: string;
  @AtMs() sinceMs!: number;
}

/** One partition's archive, as the instance that keeps it sees it. */
export class PartitionArchiveStatus {
  @Whole() partition!: number;
  /** False while it is being opened, or cannot be. */
  @Flag() isOpen!: boolean;
  /** Everything up to here survives the loss of the log server, `<seq>-<generation>`. */
  @Text({ max: 41 }) durablePosition!: string;
  /** Commits that the log has and the archive does not yet. */
  @Whole() lagCommits!: number;
  @Whole() openSegmentBytes!: number;
  @Whole() sealedSegments!: number;
  @Optional() @Nested(() => ArchiveFailing) failing?: ArchiveFailing;
}

export class ArchiveStatusFound {
  @ListOf(() => PartitionArchiveStatus, { max: 1024 }) partitions!: PartitionArchiveStatus[];
}
