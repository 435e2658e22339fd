import { CONTEXT_BYTES_MAX, CONTEXT_DOCUMENTS_MAX, CONTEXT_VERSIONS_KEPT } from '@torch/contracts';

/** All owners and replays of one log must use the same. */
export interface ContextLimits {
  /** Documents of a project, tombstones included. For a further one the oldest tombstone is forgotten. */
  readonly documentsMax: number;
  /** Versions of a document that are known, the newest included. */
  readonly versionsKept: number;
  /** Of a document's text in UTF-8. */
  readonly textBytesMax: number;
  /** Of the same text as JSON, where a line break takes two bytes: what leaves room for an event's envelope. */
  readonly jsonBytesMax: number;
  /** Of the newest texts of all documents together; a write beyond it is refused. */
  readonly projectBytesMax: number;
  /** Of earlier texts of all documents together; beyond it the text that was replaced first is let go. The log has it. */
  readonly earlierBytesMax: number;
}

export const CONTEXT_LIMITS: ContextLimits = {
  documentsMax: CONTEXT_DOCUMENTS_MAX,
  versionsKept: CONTEXT_VERSIONS_KEPT,
  textBytesMax: CONTEXT_BYTES_MAX,
  jsonBytesMax: 62 * 1024,
  projectBytesMax: 16 * 1024 * 1024,
  earlierBytesMax: 4 * 1024 * 1024,
};
