/** Whose texts are erased together: a principal within a project, `user:<name>` or `agent:<id>`. */
export interface DataSubject {
  readonly project: string;
  readonly actor: string;
}

/** What a subject's texts are sealed with. */
export interface SubjectKey {
  /** 48 hex digits: 32 of the subject, 16 of this key, so that a subject's next key is told from the one before. */
  readonly id: string;
  /** 32 bytes for AES-256-GCM. */
  readonly secret: Buffer;
}

/** A key as it may be spoken of. */
export interface KeptKey extends DataSubject {
  readonly id: string;
  readonly createdAtMs: number;
}

/**
 * The keys of data subjects, outside of the log, the archive and the backup: destroying one erases what was sealed with it.
 *
 * Every gateway of a Torch must see the same keys, and a destroyed one must be gone for all of them at once: keys are looked
 * up where they are kept each time, and never cached beyond that.
 */
export interface SubjectKeys {
  /** What the subject's new texts are sealed with. Makes a key, and has it kept durably, when there is none. */
  keyOf(subject: DataSubject): Promise<SubjectKey>;
  /** Undefined for a key that was destroyed, or never was here. */
  find(id: string): SubjectKey | undefined;
  /** Every key there is of the principal, in all projects. */
  keptFor(actor: string): Promise<readonly KeptKey[]>;
  /** Beyond recovery by any means that the medium leaves. False when there was no such key: destroying is idempotent. */
  destroy(id: string): Promise<boolean>;
}
