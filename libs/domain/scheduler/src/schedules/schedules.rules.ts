import { type RemoveSchedule, type ScheduleCommand, SCHEDULES_MAX, type SetSchedule } from '@torch/contracts';
import { canonicalJson, type NewEvent, Rejection } from '@torch/kernel';
import type { Rules } from '../rules';
import type { SchedulerState } from '../scheduler.state';
import { fireSchedule, runOf, submitted } from './fire-schedule';
import { scheduleEvent } from './schedule.events';
import { cronProblem, isTimeZone, nextTimeMs } from './next-time';
import type { Schedule, ScheduleDefinition } from './schedules.state';

/** Of ids; those of a schedule's runs and tasks begin with its own. */
const ID_CHARS_MAX = 128;
const RUN_TIME_CHARS = 16;

export const scheduleRules: Rules<ScheduleCommand> = {
  SetSchedule: (state, { data, actor }, { nowMs }) => setSchedule(state, data, { actor, nowMs }),
  RemoveSchedule: (state, { data }, { nowMs }) => removeSchedule(state, data, nowMs),
  FireSchedule: (state, { data }, { nowMs }) => fireSchedule(state, data, nowMs),
};

interface Setting {
  readonly actor: string;
  readonly nowMs: number;
}

/** Set again as it is, it changes nothing; set otherwise, times that have passed are not made up for. */
function setSchedule(state: SchedulerState, data: SetSchedule, { actor, nowMs }: Setting): readonly NewEvent[] {
  const definition = withDefaults(data);
  const { scheduleId } = definition;
  const before = state.schedules.byId.get(scheduleId);
  if (before && canonicalJson(before.definition) === canonicalJson(definition)) return [];
  if (!before && state.schedules.byId.size >= SCHEDULES_MAX)
    throw new Rejection('too-many-schedules', `The project has ${SCHEDULES_MAX} schedules, which is the limit: remove one first.`);
  refuseUnclear(definition);
  const nextAtMs = firstTime(definition, nowMs);
  refuseUnfit(state, { definition, setBy: actor, runIds: [], heapIndex: -1 }, { atMs: nextAtMs, nowMs });
  return [scheduleEvent('schedule.set', { ...definition, ...(definition.paused ? {} : { nextAtMs }), setAtMs: nowMs })];
}

const withDefaults = ({ scheduleId, cron, timeZone, overlap, missed, paused, task }: SetSchedule): ScheduleDefinition => ({
  scheduleId,
  cron,
  timeZone: timeZone ?? 'UTC',
  overlap: overlap ?? 'skip',
  missed: missed ?? 'once',
  paused: paused ?? false,
  task: { ...task, taskId: `${scheduleId}.${task.key}` }, // Each run has one of its own.
});

function firstTime(definition: ScheduleDefinition, nowMs: number): number {
  const { scheduleId, cron, timeZone } = definition;
  const problem = cronProblem(cron);
  if (problem !== undefined)
    throw new Rejection('invalid-cron', `Field "cron" of schedule ${scheduleId} is "${cron}", which is no cron expression: ${problem}.`);
  if (!isTimeZone(timeZone)) {
    const known = 'which is no IANA time zone that is known here; "Europe/Berlin" is one';
    throw new Rejection('unknown-time-zone', `Field "timeZone" of schedule ${scheduleId} is "${timeZone}", ${known}.`);
  }
  const nextAtMs = nextTimeMs(definition, nowMs);
  if (nextAtMs === undefined)
    throw new Rejection('invalid-cron', `Field "cron" of schedule ${scheduleId} is "${cron}", and there is no such time, ever.`);
  return nextAtMs;
}

function refuseUnclear({ scheduleId, overlap, missed, task }: ScheduleDefinition): void {
  const idChars = scheduleId.length + 1 + RUN_TIME_CHARS + 1 + task.key.length;
  if (idChars > ID_CHARS_MAX) {
    const excess = `${idChars - ID_CHARS_MAX} characters too long for the ids of its tasks`;
    throw new Rejection('schedule-contradictory', `Schedule ${scheduleId} and the key "${task.key}" together are ${excess}.`);
  }
  if (missed === 'all' && overlap !== 'queue') {
    const way = 'Set "overlap" to "queue", or "missed" to "once"';
    throw new Rejection(
      'schedule-contradictory',
      `Schedule ${scheduleId} is to make up for all missed runs, and they would overlap. ${way}.`,
    );
  }
  const { dependsOn, after = [], notBeforeMs } = task;
  const field = dependsOn.length > 0 ? 'dependsOn' : after.length > 0 ? 'after' : notBeforeMs !== undefined ? 'notBeforeMs' : undefined;
  if (field === undefined) return;
  const once = 'which holds for one run, and not for a recurring task: leave it out';
  throw new Rejection('schedule-contradictory', `The task of schedule ${scheduleId} has "${field}", ${once}.`);
}

/** What may be otherwise by the time of a run: it is refused then, if it still is so. */
const PASSING: ReadonlySet<string> = new Set(['open-tasks-limit', 'run-exists', 'task-exists']);

/** What a run of it would be refused for is refused now. */
function refuseUnfit(state: SchedulerState, schedule: Schedule, { atMs, nowMs }: { atMs: number; nowMs: number }): void {
  const outcome = submitted(state, runOf(state, schedule, atMs), { actor: schedule.setBy, nowMs });
  if (outcome instanceof Rejection && !PASSING.has(outcome.code)) throw outcome;
}

/** Its runs go on. */
function removeSchedule(state: SchedulerState, { scheduleId }: RemoveSchedule, nowMs: number): readonly NewEvent[] {
  if (!state.schedules.byId.has(scheduleId)) throw new Rejection('unknown-schedule', `There is no schedule ${scheduleId}.`);
  return [scheduleEvent('schedule.removed', { scheduleId, removedAtMs: nowMs })];
}
