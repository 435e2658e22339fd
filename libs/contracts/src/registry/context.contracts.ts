import type { AnyCommand, EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Describe, Flag, ListOf, Name, Nested, Optional, Text, Whole } from '../field';

/** Documents of one project, and earlier versions of each that are kept at hand; the log has all. */
export const CONTEXT_DOCUMENTS_MAX = 1000;
export const CONTEXT_VERSIONS_KEPT = 20;
/** Of a document's text in UTF-8; the event with its envelope has to fit into 64 KiB. A larger one goes by reference. */
export const CONTEXT_BYTES_MAX = 60 * 1024;

/** Compare and set: taken only if `version` is the document's newest; 0 for one that does not exist. */
export class UpdateContext {
  @Name() key!: string;
  @Describe('The version that the change was made on; 0 when there is none.') @Whole() version!: number;
  @Describe('Exactly one of text and ref.') @Optional() @Text({ max: CONTEXT_BYTES_MAX }) text?: string;
  @Describe('Where a larger document is.') @Optional() @Text({ min: 1, max: 2000 }) ref?: string;
}
/** Leaves a tombstone: versions go on counting. */
export class RemoveContext {
  @Name() key!: string;
  @Whole({ min: 1 }) version!: number;
}

export class ContextUpdated {
  @Name() key!: string;
  @Whole({ min: 1 }) version!: number;
  @Optional() @Text({ max: CONTEXT_BYTES_MAX }) text?: string;
  @Optional() @Text({ min: 1, max: 2000 }) ref?: string;
  @AtMs() updatedAtMs!: number;
}
export class ContextRemoved {
  @Name() key!: string;
  @Whole({ min: 1 }) version!: number;
  @AtMs() removedAtMs!: number;
}
/** Somebody wrote on a version that was not the newest any more: nothing was changed. */
export class ContextConflicted {
  @Name() key!: string;
  /** On which it was written, the newest, and by whom that was. */
  @Whole() base!: number;
  @Whole() newest!: number;
  @Text({ min: 1, max: 255 }) newestBy!: string;
  /** SHA-256 of what was not taken, in hex. */
  @Optional() @Text({ max: 64 }) refused?: string;
  @AtMs() conflictedAtMs!: number;
}

export class GetContext {
  @Name() key!: string;
  /** Default: the newest. */
  @Optional() @Whole({ min: 1 }) version?: number;
}
export class ContextDocument {
  @Name() key!: string;
  @Whole({ min: 1 }) version!: number;
  @Optional() @Text({ max: CONTEXT_BYTES_MAX }) text?: string;
  @Optional() @Text({ max: 2000 }) ref?: string;
  @Flag() removed!: boolean;
  @Text({ min: 1, max: 255 }) by!: string;
  @AtMs() atMs!: number;
}
export class ContextFound {
  @Optional() @Nested(() => ContextDocument) document?: ContextDocument;
}
export class ListContext {
  /** Removed ones too. */
  @Optional() @Flag() removed?: boolean;
}
/** Without their texts. */
export class ContextList {
  @ListOf(() => ContextDocument, { max: CONTEXT_DOCUMENTS_MAX }) documents!: ContextDocument[];
}
export class GetContextHistory {
  @Name() key!: string;
}
/** Newest first, without texts. */
export class ContextHistory {
  @ListOf(() => ContextDocument, { max: CONTEXT_VERSIONS_KEPT }) versions!: ContextDocument[];
}
/** For whoever was refused: what it was written on, what has come since, and what was to be written. */
export class CompareContext {
  @Name() key!: string;
  @Whole() base!: number;
  @Text({ max: CONTEXT_BYTES_MAX }) text!: string;
}
export class ContextComparison {
  @Whole() base!: number;
  @Whole() newest!: number;
  @Flag() clean!: boolean;
  /** Both changes together; where they touch the same lines, between conflict markers. */
  @Text({ max: 4 * CONTEXT_BYTES_MAX }) merged!: string;
  @ListOf(() => ContextClash, { max: 1000 }) clashes!: ContextClash[];
}
/** Lines that both have changed. */
export class ContextClash {
  @Text({ max: CONTEXT_BYTES_MAX }) base!: string;
  @Text({ max: CONTEXT_BYTES_MAX }) theirs!: string;
  @Text({ max: CONTEXT_BYTES_MAX }) yours!: string;
}

const { command, event, query } = contractsOf('registry');

export const contextEvents = [
  event('context.updated', ContextUpdated),
  event('context.removed', ContextRemoved),
  event('context.conflicted', ContextConflicted),
] as const;
export type ContextEvent =
  | EventEnvelope<'context.updated', ContextUpdated>
  | EventEnvelope<'context.removed', ContextRemoved>
  | EventEnvelope<'context.conflicted', ContextConflicted>;

export const contextCommands = [command('UpdateContext', UpdateContext), command('RemoveContext', RemoveContext)] as const;
export type ContextCommand = AnyCommand<'UpdateContext', UpdateContext> | AnyCommand<'RemoveContext', RemoveContext>;

export const contextQueries = [
  query('GetContext', GetContext, ContextFound),
  query('ListContext', ListContext, ContextList),
  query('GetContextHistory', GetContextHistory, ContextHistory),
  query('CompareContext', CompareContext, ContextComparison),
] as const;
