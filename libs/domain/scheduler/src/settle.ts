import type { DecisionContext, NewEvent } from '@torch/kernel';
import { planAssignments } from './assignments';
import { settleDependants } from './broken-dependencies';
import { taskCancelled } from './control';
import { announceDemand } from './demand';
import { followUp } from './follow-up';
import { cascadedReason, runEvent } from './scheduler.facts';
import { hasEnded, type RunState, type SchedulerState } from './scheduler.state';
import { type Conclusion, roomIn, says, type Settlement } from './settlement';
import { isStopped, stopAttempts } from './stopped';
import { topics } from './topics';

/** Tasks of runs that one answer looks at, to find those that have not ended. */
const LOOKED_AT_MAX = 20_000;

/**
 * What follows from the state. An answer holds what the first of the conclusions says that has anything to say; of it, at most
 * `settleEventsMax` events. It costs what it says, and not what waits. An empty answer means that all is said.
 *
 * Each event follows from the state and those before it, and none from one behind it: whoever takes only the first events of an answer,
 * evolves them and asks again, hears what is left.
 */
export function settle(state: SchedulerState, { nowMs, newId }: DecisionContext): readonly NewEvent[] {
  const settlement: Settlement = { state, nowMs, newId, events: [] };
  const isSaid = (conclusions: readonly Conclusion[] = []): boolean =>
    conclusions.some((conclude) => {
      conclude(settlement);
      return settlement.events.length > 0;
    });
  if (!isSaid(BEFORE_TOPICS) && !topics().some(({ conclusions }) => isSaid(conclusions))) isSaid(BEHIND_TOPICS);
  return settlement.events;
}

function cancelRuns(settlement: Settlement): void {
  let lookedAt = 0;
  for (const run of settlement.state.cancelling) {
    if (settlement.events.length > 0 && lookedAt + run.tasks.length > LOOKED_AT_MAX) return;
    lookedAt += run.tasks.length;
    const reason = cascadedReason(run.cancelReason ?? '');
    for (const task of run.tasks) {
      if (hasEnded(task)) continue;
      if (roomIn(settlement) <= 0) return;
      says(settlement, task, taskCancelled(task, reason, settlement.nowMs));
    }
  }
}

function endRuns(settlement: Settlement): void {
  for (const run of settlement.state.ending) {
    if (roomIn(settlement) <= 0) return;
    says(settlement, run, runEnded(settlement, run));
  }
}

function assign(settlement: Settlement): void {
  if (!isStopped(settlement.state)) planAssignments(settlement);
}

const BEFORE_TOPICS: readonly Conclusion[] = [followUp, cancelRuns, stopAttempts, settleDependants];
const BEHIND_TOPICS: readonly Conclusion[] = [endRuns, assign, announceDemand];

/** Skipped tasks do not count against a run: it has completed when all others have. */
function runEnded({ nowMs }: Settlement, run: RunState): NewEvent {
  const { id: runId, completed, failed, cancelled, deadLettered, skipped, cancelReason, tasks } = run;
  const status = completed + skipped === tasks.length ? 'completed' : cancelReason === undefined ? 'failed' : 'cancelled';
  const counts = { completed, failed, cancelled, deadLettered, ...(skipped > 0 ? { skipped } : {}) };
  return runEvent('run.ended', { runId, status, ...counts, endedAtMs: nowMs });
}
