import { contractsOf } from '../contract';
import { ArchivedEntries, ArchiveStatusFound, GetArchiveStatus, ReadArchive } from './archive.queries';
import { EventsFound, FindEvents } from './history.queries';
import { Flag, ListOf, Optional, Text, Whole } from '../field';

export class VerifyChain {}

/** What checking one partition's chain against its own hashes and against the log found. */
export class PartitionVerdict {
  @Whole() partition!: number;
  @Flag() ok!: boolean;
  @Whole() records!: number;
  @Whole() lastSeq!: number;
  @Text({ max: 64 }) lastHash!: string;
  /** The first bad position, `<seq>-<generation>`, and what is wrong with it. */
  @Optional() @Text({ max: 41 }) badPosition?: string;
  @Optional() @Text({ max: 2000 }) problem?: string;
}

export class ChainVerdict {
  @Flag() ok!: boolean;
  @ListOf(() => PartitionVerdict, { max: 1024 }) partitions!: PartitionVerdict[];
}

const { query } = contractsOf('audit');

/** For the services themselves: see `ReadArchive`. */
export const readArchive = query('ReadArchive', ReadArchive, ArchivedEntries);

export const auditQueries = [
  query('GetArchiveStatus', GetArchiveStatus, ArchiveStatusFound),
  readArchive,
  query('VerifyChain', VerifyChain, ChainVerdict),
  query('FindEvents', FindEvents, EventsFound),
] as const;
