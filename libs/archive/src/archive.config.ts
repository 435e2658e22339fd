/** Limits of a partition's archive. Times in milliseconds, sizes in bytes. */
export interface ArchiveConfig {
  /** At least this long from the start of one flush to the start of the next, so that what comes in between shares it. */
  readonly groupMs: number;
  /** Commits that wait to be durable, before `room` waits for them. One commit more may be added. */
  readonly bufferedBytesMax: number;
  /** An open segment is sealed at this size. The last flush may go over it. */
  readonly segmentBytes: number;
  /** An open segment is sealed this long after its first record. */
  readonly segmentMs: number;
  /** Between two signed checkpoints while records come in. */
  readonly checkpointMs: number;
  /** Before what failed is tried again. */
  readonly retryMs: number;
  /** A flush that takes longer counts as failing for as long as it lasts. */
  readonly slowMs: number;
  /** A lock that its holder has not renewed for this long, three times as often as it must, may be taken over. */
  readonly lockStaleMs: number;
}

export const ARCHIVE_DEFAULTS: ArchiveConfig = {
  groupMs: 5,
  bufferedBytesMax: 8 * 1024 * 1024,
  segmentBytes: 64 * 1024 * 1024,
  segmentMs: 60_000,
  checkpointMs: 1000,
  retryMs: 1000,
  slowMs: 5000,
  lockStaleMs: 10_000,
};
