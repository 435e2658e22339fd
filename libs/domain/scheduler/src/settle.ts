import type { DecisionContext, NewEvent } from '@torch/kernel';
import { planAssignments } from './assignments';
import { settleDependants } from './broken-dependencies';
import { CASCADED_REASON_CHARS_MAX, taskCancelled } from './control';
import { announceDemand } from './demand';
import { cut, inThread, runEvent } from './scheduler.facts';
import { bySeq, hasEnded, type RunState, type SchedulerState } from './scheduler.state';
import { ends, roomIn, type Settlement } from './settlement';
import { isStopped, stopAttempts } from './stopped';
import { topics } from './topics';

/**
 * What follows from the state: cancellations, stopped attempts, tasks whose dependencies have failed, what each topic concludes,
 * ends of runs, assignments, news of demand. The cost depends on what there is to say, not on how many tasks wait. An answer has
 * at most `settleEventsMax` events; an empty one means that all is said.
 */
export function settle(state: SchedulerState, { nowMs, newId }: DecisionContext): readonly NewEvent[] {
  const settlement: Settlement = { state, nowMs, newId, events: [], ended: new Map(), left: new Map() };
  if (state.cancelling.size > 0) cancelRuns(settlement);
  if (state.liveAttempts > 0 && isStopped(state)) stopAttempts(settlement);
  if (state.doomed.size > 0) settleDependants(settlement);
  for (const topic of topics()) if (roomIn(settlement) > 0) topic.settle?.(settlement);
  if (state.ending.size > 0 || settlement.ended.size > 0) endRuns(settlement);
  if (roomIn(settlement) > 0 && !isStopped(state)) planAssignments(settlement);
  if (roomIn(settlement) > 0) announceDemand(settlement);
  return settlement.events;
}

function cancelRuns(settlement: Settlement): void {
  for (const run of [...settlement.state.cancelling].sort(bySeq)) {
    const reason = cut(run.cancelReason ?? '', CASCADED_REASON_CHARS_MAX);
    for (const task of run.tasks) {
      if (!hasEnded(task)) ends(settlement, task, 'cancelled', taskCancelled(task, reason, settlement.nowMs));
    }
  }
}

function endRuns(settlement: Settlement): void {
  const endedHere = new Map<RunState, number>();
  for (const run of settlement.state.ending) endedHere.set(run, 0);
  for (const { run } of settlement.ended.keys()) endedHere.set(run, (endedHere.get(run) ?? 0) + 1);
  for (const [run, count] of [...endedHere].sort(([a], [b]) => bySeq(a, b))) {
    if (run.open > count || roomIn(settlement) <= 0) continue;
    settlement.events.push(inThread(run, runEnded(settlement, run)));
  }
}

/** Skipped tasks do not count against a run: it has completed when all others have. */
function runEnded({ ended, nowMs }: Settlement, run: RunState): NewEvent {
  const here = { cancelled: 0, skipped: 0, failed: 0, 'dead-lettered': 0 };
  for (const [task, status] of ended) if (task.run === run) here[status]++;
  const { id: runId, completed, cancelReason, tasks } = run;
  const failed = run.failed + here.failed;
  const cancelled = run.cancelled + here.cancelled;
  const deadLettered = run.deadLettered + here['dead-lettered'];
  const skipped = run.skipped + here.skipped;
  const status = completed + skipped === tasks.length ? 'completed' : cancelReason === undefined ? 'failed' : 'cancelled';
  const counts = { completed, failed, cancelled, deadLettered, ...(skipped > 0 ? { skipped } : {}) };
  return runEvent('run.ended', { runId, status, ...counts, endedAtMs: nowMs });
}
