import { AtMs, Flag, ListOf, Nested, Optional, Text, Whole } from '../field';

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
