import { HeapWalk } from '../heap';
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

function due(state: SchedulerState, nowMs: number): readonly DueCommand[] {
  const commands: DueCommand[] = [];
  if (isStopped(state)) return commands;
  const walk = new HeapWalk(state.schedules.timers);
  for (let next = walk.peek(); next && commands.length < FIRED_PER_TURN_MAX; walk.next(), next = walk.peek()) {
    const { nextAtMs: dueAtMs = Infinity, definition } = next;
    if (dueAtMs > nowMs) break;
    commands.push({ type: 'FireSchedule', data: { scheduleId: definition.scheduleId, dueAtMs } });
  }
  return commands;
}
