import type { AnyCommand, EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Decimal, Describe, Flag, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';

export const LIMIT_SCOPES = ['project', 'role', 'key', 'agent', 'semaphore'] as const;
/** `key`: a fairness key. */
export type LimitScope = (typeof LIMIT_SCOPES)[number];
/** Limits that a project may have set. */
export const LIMITS_MAX = 10_000;
/** The name that stands for every key, role or agent without a limit of its own; the name of the project's own limit. */
export const LIMIT_FOR_ALL = '*';

/** A token bucket: `tasks` starts per `perMs`, of which `burst` may come at once. */
export class RateLimit {
  @Whole({ min: 1, max: 1_000_000 }) tasks!: number;
  @Whole({ min: 100, max: 30 * 24 * 3_600_000 }) perMs!: number;
  @Describe('Default: tasks.') @Optional() @Whole({ min: 1, max: 1_000_000 }) burst?: number;
}

export class LimitSetting {
  @OneOf(LIMIT_SCOPES) scope!: LimitScope;
  @Describe('A role, key, agent or semaphore; * for each that has no limit of its own, and for the project.')
  @Text({ min: 1, max: 128 })
  name!: string;
  @Describe('Live attempts at a time.') @Optional() @Whole({ min: 0, max: 1_000_000 }) concurrency?: number;
  @Optional() @Nested(() => RateLimit) rate?: RateLimit;
  @Describe('Open tasks; a run beyond it is refused.') @Optional() @Whole({ min: 0, max: 10_000_000 }) queued?: number;
  @Describe('Share of a key beside others of its priority; default 1.') @Optional() @Decimal({ min: 0.01, max: 1000 }) weight?: number;
}

/** Replaces what was set for the scope and name before. */
export class SetLimit extends LimitSetting {}
export class RemoveLimit {
  @OneOf(LIMIT_SCOPES) scope!: LimitScope;
  @Text({ min: 1, max: 128 }) name!: string;
}
/** No task of the project is assigned, and running attempts are told to stop; they are requeued and spend no attempt. */
export class StopWork {
  @Text({ max: 2000 }) reason!: string;
}
export class ResumeWork {}

export class LimitSet extends LimitSetting {
  @AtMs() setAtMs!: number;
}
export class LimitRemoved {
  @OneOf(LIMIT_SCOPES) scope!: LimitScope;
  @Text({ min: 1, max: 128 }) name!: string;
  @AtMs() removedAtMs!: number;
}
export class WorkStopped {
  @Text({ max: 2000 }) reason!: string;
  @AtMs() stoppedAtMs!: number;
}
export class WorkResumed {
  @AtMs() resumedAtMs!: number;
}

export class ListLimits {}
export class LimitView extends LimitSetting {
  @Describe('Live attempts that count against it.') @Whole() inUse!: number;
  @Describe('Ready tasks that it holds back.') @Whole() waiting!: number;
}
export class LimitList {
  @ListOf(() => LimitView, { max: LIMITS_MAX }) limits!: LimitView[];
  @Flag() stopped!: boolean;
  @Optional() @Text({ max: 2000 }) stopReason?: string;
}

const { command, event, query } = contractsOf('scheduler');

export const limitEvents = [
  event('limit.set', LimitSet),
  event('limit.removed', LimitRemoved),
  event('work.stopped', WorkStopped),
  event('work.resumed', WorkResumed),
] as const;
export type LimitEvent =
  | EventEnvelope<'limit.set', LimitSet>
  | EventEnvelope<'limit.removed', LimitRemoved>
  | EventEnvelope<'work.stopped', WorkStopped>
  | EventEnvelope<'work.resumed', WorkResumed>;

export const limitCommands = [
  command('SetLimit', SetLimit),
  command('RemoveLimit', RemoveLimit),
  command('StopWork', StopWork),
  command('ResumeWork', ResumeWork),
] as const;
export type LimitCommand =
  | AnyCommand<'SetLimit', SetLimit>
  | AnyCommand<'RemoveLimit', RemoveLimit>
  | AnyCommand<'StopWork', StopWork>
  | AnyCommand<'ResumeWork', ResumeWork>;

export const limitQueries = [query('ListLimits', ListLimits, LimitList)] as const;
