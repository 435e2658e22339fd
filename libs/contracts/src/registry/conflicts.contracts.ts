import type { AnyCommand, EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Id, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';

export const CONFLICT_KINDS = ['claim', 'context', 'results'] as const;
export type ConflictKind = (typeof CONFLICT_KINDS)[number];
export const CONFLICT_STATUSES = ['open', 'escalated', 'resolved'] as const;
export type ConflictStatus = (typeof CONFLICT_STATUSES)[number];
export const CONFLICT_PARTIES_MAX = 16;
/** Open conflicts of one project; a further one is refused. */
export const CONFLICTS_OPEN_MAX = 1000;
export const CONFLICT_DEADLINE_MS_DEFAULT = 15 * 60_000;
export const CONFLICT_DEADLINE_MS_MAX = 7 * 24 * 3_600_000;

/** `agent:<id>` or `user:<name>`, and what it holds for its side. */
export class ConflictParty {
  @Text({ min: 1, max: 255 }) actor!: string;
  @Text({ max: 2000 }) evidence!: string;
}

/** By an agent or a person for results that contradict each other; by the registry itself for claims and context. */
export class OpenConflict {
  @Id() conflictId!: string;
  @OneOf(CONFLICT_KINDS) kind!: ConflictKind;
  /** What it is about: a path, a key, tasks. */
  @Text({ min: 1, max: 512 }) about!: string;
  @ListOf(() => ConflictParty, { min: 2, max: CONFLICT_PARTIES_MAX }) parties!: ConflictParty[];
  @Optional() @Whole({ min: 1000, max: CONFLICT_DEADLINE_MS_MAX }) deadlineMs?: number;
}
/** By a party, an agent of the role project-manager or orchestrator, or a person. */
export class ResolveConflict {
  @Id() conflictId!: string;
  @Text({ min: 1, max: 2000 }) resolution!: string;
  /** The party that prevails, where one does. */
  @Optional() @Text({ min: 1, max: 255 }) inFavourOf?: string;
}
/** From the registry's own timer. */
export class EscalateConflict {
  @Id() conflictId!: string;
}

export class ConflictOpened {
  @Id() conflictId!: string;
  @OneOf(CONFLICT_KINDS) kind!: ConflictKind;
  @Text({ min: 1, max: 512 }) about!: string;
  @ListOf(() => ConflictParty, { min: 2, max: CONFLICT_PARTIES_MAX }) parties!: ConflictParty[];
  @AtMs() deadlineAtMs!: number;
  @AtMs() openedAtMs!: number;
}
export class ConflictResolved {
  @Id() conflictId!: string;
  @Text({ min: 1, max: 2000 }) resolution!: string;
  @Optional() @Text({ min: 1, max: 255 }) inFavourOf?: string;
  @AtMs() resolvedAtMs!: number;
}
/** Unresolved at its deadline: only a person can resolve it now. */
export class ConflictEscalated {
  @Id() conflictId!: string;
  @AtMs() escalatedAtMs!: number;
}

export class ListConflicts {
  @Optional() @OneOf(CONFLICT_STATUSES) status?: ConflictStatus;
  @Optional() @Whole({ min: 1, max: 1000 }) limit?: number;
}
export class ConflictView {
  @Id() conflictId!: string;
  @OneOf(CONFLICT_KINDS) kind!: ConflictKind;
  @Text({ min: 1, max: 512 }) about!: string;
  @ListOf(() => ConflictParty, { max: CONFLICT_PARTIES_MAX }) parties!: ConflictParty[];
  @OneOf(CONFLICT_STATUSES) status!: ConflictStatus;
  @AtMs() openedAtMs!: number;
  @AtMs() deadlineAtMs!: number;
  @Optional() @Text({ max: 2000 }) resolution?: string;
  @Optional() @Text({ max: 255 }) inFavourOf?: string;
  @Optional() @Text({ max: 255 }) resolvedBy?: string;
  @Optional() @AtMs() resolvedAtMs?: number;
}
export class ConflictList {
  @ListOf(() => ConflictView, { max: 1000 }) conflicts!: ConflictView[];
}
export class GetConflict {
  @Id() conflictId!: string;
}
export class ConflictFound {
  @Optional() @Nested(() => ConflictView) conflict?: ConflictView;
}

const { command, event, query } = contractsOf('registry');

export const conflictEvents = [
  event('conflict.opened', ConflictOpened),
  event('conflict.resolved', ConflictResolved),
  event('conflict.escalated', ConflictEscalated),
] as const;
export type ConflictEvent =
  | EventEnvelope<'conflict.opened', ConflictOpened>
  | EventEnvelope<'conflict.resolved', ConflictResolved>
  | EventEnvelope<'conflict.escalated', ConflictEscalated>;

export const conflictCommands = [
  command('OpenConflict', OpenConflict),
  command('ResolveConflict', ResolveConflict),
  command('EscalateConflict', EscalateConflict),
] as const;
export type ConflictCommand =
  | AnyCommand<'OpenConflict', OpenConflict>
  | AnyCommand<'ResolveConflict', ResolveConflict>
  | AnyCommand<'EscalateConflict', EscalateConflict>;

export const conflictQueries = [
  query('ListConflicts', ListConflicts, ConflictList),
  query('GetConflict', GetConflict, ConflictFound),
] as const;
