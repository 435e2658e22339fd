import type { AnyCommand, EventEnvelope } from '@torch/kernel';
import { contractsOf } from '../contract';
import { AtMs, Describe, Flag, Id, ListOf, Nested, OneOf, Optional, Text, Whole } from '../field';
import { TaskSpec } from './task-spec';

/** Recurring tasks of one project. */
export const SCHEDULES_MAX = 1000;
/** Missed runs that `all` makes up for at most; the newest. */
export const MISSED_RUNS_MAX = 24;
export const OVERLAP_POLICIES = ['skip', 'queue', 'replace'] as const;
/** What happens when the run before has not ended: no run, one more, or that one is cancelled first. */
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];
export const MISSED_POLICIES = ['skip', 'once', 'all'] as const;
/** What happens to runs whose time passed while nobody could start them. */
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

/** Replaces the schedule of the same id. */
export class SetSchedule {
  @Id() scheduleId!: string;
  @Describe('Five or six fields, or @daily and the like.') @Text({ min: 1, max: 128 }) cron!: string;
  @Describe('IANA name; default UTC.') @Optional() @Text({ min: 1, max: 64 }) timeZone?: string;
  @Optional() @OneOf(OVERLAP_POLICIES) overlap?: OverlapPolicy;
  @Optional() @OneOf(MISSED_POLICIES) missed?: MissedPolicy;
  @Optional() @Flag() paused?: boolean;
  /** Its ids are replaced at every run. */
  @Nested(() => TaskSpec) task!: TaskSpec;
}
export class RemoveSchedule {
  @Id() scheduleId!: string;
}
/** From the scheduler's own timer. */
export class FireSchedule {
  @Id() scheduleId!: string;
  @AtMs() dueAtMs!: number;
}

export class ScheduleSet extends SetSchedule {
  @Describe('Absent: paused, or the expression has no further time.') @Optional() @AtMs() nextAtMs?: number;
  @AtMs() setAtMs!: number;
}
export class ScheduleRemoved {
  @Id() scheduleId!: string;
  @AtMs() removedAtMs!: number;
}
export class ScheduleFired {
  @Id() scheduleId!: string;
  @AtMs() dueAtMs!: number;
  /** Absent: skipped. */
  @Optional() @Id() runId?: string;
  @Optional() @Text({ max: 2000 }) skipped?: string;
  /** Times that passed without a run of their own. */
  @Whole() missed!: number;
  @Optional() @AtMs() nextAtMs?: number;
  @AtMs() firedAtMs!: number;
}

export class ListSchedules {}
export class ScheduleView extends SetSchedule {
  @Optional() @AtMs() nextAtMs?: number;
  @Optional() @Id() lastRunId?: string;
  @Optional() @AtMs() lastFiredAtMs?: number;
}
export class ScheduleList {
  @ListOf(() => ScheduleView, { max: SCHEDULES_MAX }) schedules!: ScheduleView[];
}

const { command, event, query } = contractsOf('scheduler');

export const scheduleEvents = [
  event('schedule.set', ScheduleSet),
  event('schedule.removed', ScheduleRemoved),
  event('schedule.fired', ScheduleFired),
] as const;
export type ScheduleEvent =
  | EventEnvelope<'schedule.set', ScheduleSet>
  | EventEnvelope<'schedule.removed', ScheduleRemoved>
  | EventEnvelope<'schedule.fired', ScheduleFired>;

export const scheduleCommands = [
  command('SetSchedule', SetSchedule),
  command('RemoveSchedule', RemoveSchedule),
  command('FireSchedule', FireSchedule),
] as const;
export type ScheduleCommand =
  AnyCommand<'SetSchedule', SetSchedule> | AnyCommand<'RemoveSchedule', RemoveSchedule> | AnyCommand<'FireSchedule', FireSchedule>;

export const scheduleQueries = [query('ListSchedules', ListSchedules, ScheduleList)] as const;
