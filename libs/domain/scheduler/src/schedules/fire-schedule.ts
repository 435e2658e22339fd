import { type FireSchedule, ID_PATTERN, MISSED_RUNS_MAX, type SubmitRun } from '@torch/contracts';
import { jsonBytes, type NewEvent, Rejection } from '@torch/kernel';
import { cancelRun } from '../control';
import { derivedText, inThread } from '../scheduler.facts';
import type { RunState, SchedulerState } from '../scheduler.state';
import { isStopped } from '../stopped';
import { submitRun } from '../submit-run';
import { firingAt } from './due-times';
import { scheduleEvent } from './schedule.events';
import { openRuns } from './schedules.evolve';
import type { Schedule } from './schedules.state';

/** Runs of one schedule that wait behind the one before, under the policy `queue`. */
const RUNS_WAITING_MAX = MISSED_RUNS_MAX;

/** From the timer: a run for a time that has come, or why there is none; and when to look again. */
export function fireSchedule(state: SchedulerState, { scheduleId, dueAtMs }: FireSchedule, nowMs: number): readonly NewEvent[] {
  const schedule = state.schedules.byId.get(scheduleId);
  if (schedule?.nextAtMs === undefined || schedule.nextAtMs !== dueAtMs) return []; // The timer of an older setting.
  if (isStopped(state)) return []; // Since this very turn: it stays due.
  if (nowMs < dueAtMs) throw new Rejection('schedule-not-due', `Schedule ${scheduleId} is due at ${dueAtMs}.`);
  const { atMs, isRun, missed, nextAtMs } = firingAt({ ...schedule.definition, nextAtMs: dueAtMs }, nowMs);
  const fired = (how: { runId: string } | { skipped: string }): NewEvent =>
    scheduleEvent('schedule.fired', {
      scheduleId,
      dueAtMs: atMs,
      ...how,
      missed,
      ...(nextAtMs === undefined ? {} : { nextAtMs }),
      firedAtMs: nowMs,
    });
  const overlapping = openRuns(state, schedule);
  const held = isRun ? heldBack(schedule, overlapping) : `The time was missed, and passed ${nowMs - atMs} ms ago.`;
  if (held !== undefined) return [fired({ skipped: held })];

  const run = runOf(state, schedule, atMs);
  const events = submitted(state, run, { actor: schedule.setBy, nowMs });
  if (events instanceof Rejection) return [fired({ skipped: derivedText(events.message) })];
  return [...replaced(state, schedule, { by: run.runId, overlapping, nowMs }), fired({ runId: run.runId }), ...events];
}

function heldBack({ definition }: Schedule, overlapping: readonly string[]): string | undefined {
  const [oldest] = overlapping;
  if (oldest === undefined || definition.overlap === 'replace') return undefined;
  if (definition.overlap === 'skip') return `Run ${oldest} has not ended.`;
  if (overlapping.length <= RUNS_WAITING_MAX) return undefined;
  return `Run ${oldest} has not ended, and ${RUNS_WAITING_MAX} runs wait behind it already.`;
}

interface Replacing {
  readonly by: string;
  readonly overlapping: readonly string[];
  readonly nowMs: number;
}

function replaced(state: SchedulerState, { definition }: Schedule, { by, overlapping, nowMs }: Replacing): readonly NewEvent[] {
  if (definition.overlap !== 'replace') return [];
  return overlapping.flatMap((runId) => {
    const run = state.runs.get(runId) as RunState;
    return cancelRun(state, { runId, reason: `Replaced by run ${by}.` }, nowMs).map((event) => inThread(run, event));
  });
}

/** The run for one time. Under the policy `queue`, its task waits for the end of the newest run that has not ended, however that ends. */
export function runOf(state: SchedulerState, schedule: Schedule, atMs: number): SubmitRun {
  const { scheduleId, overlap, task } = schedule.definition;
  const runId = `${scheduleId}.${atMs}`;
  const before = overlap === 'queue' ? openRuns(state, schedule).at(-1) : undefined;
  const after = before === undefined ? [] : (state.runs.get(before)?.tasks ?? []);
  const fairnessKey = task.fairnessKey ?? (ID_PATTERN.test(schedule.setBy) ? schedule.setBy : undefined);
  return {
    runId,
    name: scheduleId,
    tasks: [
      {
        ...task,
        taskId: `${runId}.${task.key}`,
        ...(fairnessKey === undefined ? {} : { fairnessKey }),
        ...(after.length === 0 ? {} : { after: after.map(({ spec }) => ({ taskId: spec.taskId, on: 'completion' as const })) }),
      },
    ],
  };
}

/** Of a task as JSON: an event has 64 KiB, its envelope and the ids of a run included. */
const SPEC_BYTES_MAX = 62 * 1024;

/** The timer would come to nothing, again and again. */
function refuseTooLarge({ runId, tasks }: SubmitRun): void {
  const bytes = Math.max(...tasks.map(jsonBytes));
  if (bytes > SPEC_BYTES_MAX)
    throw new Rejection(
      'task-too-large',
      `The task of run ${runId} takes ${bytes} bytes as JSON, of ${SPEC_BYTES_MAX} at most: shorten it.`,
    );
}

/** By the same checks as a run that somebody submits. */
export function submitted(
  state: SchedulerState,
  run: SubmitRun,
  { actor, nowMs }: { readonly actor: string; readonly nowMs: number },
): readonly NewEvent[] | Rejection {
  try {
    refuseTooLarge(run);
    return submitRun(state, run, nowMs, actor);
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
}
