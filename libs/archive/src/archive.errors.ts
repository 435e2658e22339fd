/** The archive on disk is not one that can be read or carried on. It is left as it is. Never retried by itself. */
export class ArchiveBroken extends Error {
  /**
   * @param position `<seq>-<generation>` of the first record that is missing or wrong, where it is known.
   */
  constructor(
    message: string,
    readonly position?: string,
  ) {
    super(message);
    this.name = 'ArchiveBroken';
  }
}

/** Another process writes this partition's archive. Try again when it has let go. */
export class ArchiveLocked extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ArchiveLocked';
  }
}

/** The archive was closed before what was waited for came about. */
export class ArchiveClosed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ArchiveClosed';
  }
}

/** A flush takes longer than it may. It goes on all the same. */
export class SlowDisk extends Error {
  readonly code = 'SLOW';

  constructor(path: string, ms: number) {
    super(`Writing to ${path} has taken more than ${ms} ms.`);
    this.name = 'SlowDisk';
  }
}
