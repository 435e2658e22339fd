export { type CloudEvent, cloudEvent, cloudEventsOf } from './cloud-event';
export { repliesChannel, requestsChannel } from './channels';
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
export { checkContiguity } from './contiguity';
export { compareEntryIds, entryIdAfter, FIRST_ENTRY_ID } from './entry-id';
export { checkAppendSize, checkCacheSize, checkCommandEntrySize } from './entry-size';
export { COMMIT_END_INDEX, compareEventPlaces, eventId, type EventPlace, parseEventId } from './event-place';
export { checkFence } from './fence';
export * from './gate';
export * from './log';
export { EntryTooLarge, Fenced, Gap, GateShut, LogRegressed, LogUnavailable, QueueFull } from './log.errors';
export { InMemoryLogServer, type InMemoryOptions } from './memory/in-memory-log-server';
export { type Interceptor, MemoryFaults, type Operation, type Phase } from './memory/memory-faults';
export { MemoryStore } from './memory/memory-store';
export type { StartTimer } from './memory/memory-waiter';
export { checkPartitionCount, PARTITIONS_DEFAULT, PARTITIONS_MAX, partitionOf } from './partition';
export { formatPosition, parsePosition, type Position, samePosition, START } from './position';
