import { inOrder, type TimerContext } from '@torch/kernel';
import type { SchedulerState } from '../scheduler.state';
import { isStopped } from '../stopped';
import type { DueCommand, Topic } from '../topics';

/** Schedules that fire in one turn: after an outage all of them are due, and each has its missed times to look at. */
const FIRED_PER_TURN_MAX = 16;

export const schedulesTopic: Topic = {
  /** None while work is stopped: what passes meanwhile is missed, and made up for as the schedule says once it is resumed. */
  dueAtMs: (state) => (isStopped(state) ? Infinity : (state.schedules.timers.peek()?.nextAtMs ?? Infinity)),
  due,
};

function due(state: SchedulerState, { nowMs, max }: TimerContext): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  if (isStopped(state)) return commands;
  for (const { nextAtMs: dueAtMs = Infinity, definition } of inOrder(state.schedules.timers)) {
    if (dueAtMs > nowMs || commands.length >= Math.min(max, FIRED_PER_TURN_MAX)) break;
    commands.push({ type: 'FireSchedule', data: { scheduleId: definition.scheduleId, dueAtMs } });
  }
  return commands;
}
