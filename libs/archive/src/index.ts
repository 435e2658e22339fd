export { type ArchiveDisk, type DiskFile, type FencedDisk } from './archive-disk';
export { archiveHead } from './archive-head';
export { ArchiveBroken, ArchiveClosed, ArchiveLocked } from './archive.errors';
export {
  type ArchivePlace,
  CHECKPOINT,
  checkpointPath,
  INDEX,
  LOG_NOTE,
  MANIFEST,
  manifestPath,
  NOTARY_KEYS,
  openSegmentName,
  partitionDir,
  partitionName,
  sealedSegmentName,
  type SegmentFile,
} from './archive.layout';
export { ArchivedRecord } from './archived-record';
export { readArchive, type ReadArchive } from './archive.reader';
export { sha256 } from './hashing';
export { type ManifestRead, readManifest } from './manifest.reader';
export { NODE_DISK } from './node-disk.adapter';
export { eachLine, LINE_BYTES_MAX, readSegmentLines, type SegmentReadOptions } from './segment-lines.reader';
export { listPartitions, listSegments, type LogNote, readLogNote } from './segment-list';
export { type Room, scanCommit } from './search/commit-scan';
export { compileFilter, type CompiledFilter, type EventFilter, type FoundEvent, PAGE_EVENTS_MAX } from './search/event-filter';
export { type EventsPage, findEventsPage, type PageBudget } from './search/events-page';
export { buildIndexes, type EventSearch, findEvents, type SearchStep } from './search/find-events';
export { type ArchiveActivity, type ArchiveFailure } from './archive-failures';
export { ArchiveFence, type TakeFence } from './archive-fence';
export { type ArchiveLock } from './archive-lock.adapter';
export { ARCHIVE_DEFAULTS, type ArchiveConfig } from './archive.config';
export { type ArchiveTree, type SignCheckpoint } from './checkpoint.writer';
export { type ArchiveStatus, openArchive, type OpenArchive, type PartitionArchive } from './partition-archive';
export { type ArchiveEntry } from './record-lines';
export { ArchiveLog, type ArchiveLogOptions, type PrunedContent, type ReadableLog } from './history/archive-log';
export { causeKey, correlationKey, keysOf } from './history/event-keys';
export { HistoryForked } from './history/history.errors';
export { HistoryIndex, type HistoryIndexOptions } from './history/history-index';
export { PRUNED_BODY } from './history/pruned-body';
export { firstDifference, type Comparison, type Difference } from './recovery/log-comparison';
export {
  PartitionRecovery,
  RECOVERY_DEFAULTS,
  type Recovered,
  type RecoveryConfig,
  type RecoveryParts,
} from './recovery/partition-recovery';
export { type ArchivedState, listStates, stateEntries, type StateEntry, stateFileName, writeState } from './states/archived-states';
export { noteStates, readStatesNote, type StatesNote } from './states/states.note';
export { ensureLogNote } from './log-note';
export { type ArchivePruned, pruneArchive, type PruneArchive } from './retention/archive.pruning';
export { type Expiry, isExpired } from './retention/expired-commit';
export { CheckpointRefused, checkpointSigner, type CheckpointSigning } from './notary/checkpoint.signer';
export { createNotaryKey, type NotaryKey, readNotaryKey, verifyEd25519 } from './notary/ed25519';
export { KEY_ROTATIONS, type KeyRotation, rotationText, trustedKeys } from './notary/key-rotations';
export { Notary, type NotaryOptions } from './notary/notary';
export {
  ensureNotaryKey,
  lineageOf,
  loadNotaryKey,
  NotaryKeyInvalid,
  notaryKeyPath,
  type NotaryPlace,
  notaryPubPath,
  readVerifierKeys,
  rotateNotaryKey,
} from './notary/notary-keys';
export {
  inclusionProblem,
  type InclusionProof,
  type KeptCheckpoint,
  newestCheckpoint,
  proveConsistency,
  proveInclusion,
} from './notary/proofs';
export { openCheckpoint } from './verify/trusted-checkpoints';
export { type ArchiveVerdict, type PartitionProof, type VerifyProgress } from './verify/verdict';
export { verifyArchive, type VerifyArchive } from './verify/verify-archive';
export { type WitnessedCheckpoint, type Witnessing, witnessPartition, type WitnessVerdict } from './notary/witness';
export { LocalObjectStore } from './store/local-object-store.adapter';
export { type ObjectStore, type PutObject, type StoredObject, StoreUrlInvalid } from './store/object-store';
export { type Restored, restoreFromStore, type RestoreRequest } from './store/restore-from-store';
export { SegmentUploads, UPLOADS_DEFAULTS, type UploadedArchive, type UploadsConfig } from './store/segment-uploads';
export { openObjectStore, readS3Url, type S3Place } from './store/store-url';
export { BackupBroken, BackupRefused } from './backup/backup.errors';
export { type BackupProgress, createBackup, type CreateBackup, type CreatedBackup } from './backup/backup.create';
export { chooseBackup, type ListedBackup, listBackups, readBackup } from './backup/backup.list';
export { BACKUP_ARCHIVE, BACKUP_ID, type BackupEnd, type BackupFile, type BackupManifest } from './backup/backup.manifest';
export { type RestoreBackup, restoreBackup, type RestoredBackup, type RestorePoint } from './backup/backup.restore';
export { type BackupStore } from './backup/backup.store';
export { type BackupVerdict, verifyBackup, type VerifyBackup } from './backup/backup.verify';
export { DirectoryStore } from './backup/directory.store';
export { openS3Store } from './backup/s3.store';
