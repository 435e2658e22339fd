export {
  checkCommitSize,
  type Commit,
  type CommitDraft,
  type CommitHeader,
  type Consumed,
  decodeCommit,
  encodeCommit,
  eventBytes,
  type RecordedAnswer,
} from './commit';
export * from './log';
export { EntryTooLarge, Fenced, Gap, LogRegressed, LogUnavailable, QueueFull } from './log.errors';
export { PARTITIONS_DEFAULT, PARTITIONS_MAX, partitionOf } from './partition';
export { formatPosition, parsePosition, type Position, samePosition, START } from './position';
