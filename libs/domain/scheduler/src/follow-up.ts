import type { NewEvent } from '@torch/kernel';
import { afterStop, deadLettered, failedForBudget } from './attempt-failure';
import type { Between } from './between';
import { exhaustedAttempt } from './budgets/budgets.exports';
import { taskEvent } from './scheduler.facts';
import type { TaskState } from './scheduler.state';
import { hasRoomFor, says, type Settlement } from './settlement';

/** Events of one task, at most. */
const EVENTS_EACH = 2;

/** Says the rest of what was begun. */
export function followUp(settlement: Settlement): void {
  for (const task of settlement.state.between) {
    if (!hasRoomFor(settlement, EVENTS_EACH)) return;
    says(settlement, task, ...rest(settlement, task, task.between as Between));
  }
}

function rest({ state, nowMs }: Settlement, task: TaskState, between: Between): readonly NewEvent[] {
  if (between.after === 'budget-exhausted') return exhaustedAttempt(state, task, { account: between.account, nowMs });
  const { reason = '' } = task;
  if (between.reason === 'stopped') return afterStop(task, nowMs);
  if (between.reason === 'budget') return [failedForBudget(task, reason, nowMs)];
  if (between.reason === 'deadline') return [deadLettered(task, `deadline: ${reason}`, nowMs)];
  const { taskId } = task.spec;
  return [taskEvent('task.requeued', { taskId, reason: 'backoff-over', requeuedAtMs: nowMs })];
}
