import type { SchedulerCommand, SchedulerEvent } from '@torch/contracts';
import { type DecisionContext, type Decider, type NewEvent, unreachable } from '@torch/kernel';
import { onAgentDeregistered, onAgentLost, onAgentRecovered, onAgentRegistered, onAgentSuspected } from './agent.evolve';
import { completeTask, failTask, reportProgress, startTask } from './attempt';
import { cancelRun, cancelTask, retryTask } from './control';
import { recordFencedAttempt } from './fencing';
import { releaseAgent } from './release-agent';
import { onAttemptFenced, onResultIgnored } from './fencing.evolve';
import { onRunCancelRequested, onRunEnded, onRunSubmitted } from './run.evolve';
import { type AgentEvent, FOREIGN_TYPES } from './scheduler.facts';
import { SCHEDULER_LIMITS, type SchedulerLimits } from './scheduler.limits';
import { snapshotFormat } from './scheduler.snapshot';
import { initialState, type SchedulerState } from './scheduler.state';
import { settle } from './settle';
import { submitRun } from './submit-run';
import {
  onTaskAssigned,
  onTaskAttemptFailed,
  onTaskCancelled,
  onTaskCompleted,
  onTaskDeadLettered,
  onTaskFailed,
  onTaskRequeued,
  onTaskRetryScheduled,
  onTaskStarted,
  onTaskSubmitted,
} from './task.evolve';
import { due, dueAtMs, endBackoff, expireLease } from './timers';

export type SchedulerDecider = Decider<SchedulerState, SchedulerCommand, SchedulerEvent | AgentEvent>;

/** The rules with limits of one's own; all owners and replays of one log must use the same. */
export function schedulerDeciderWith(limits: Partial<SchedulerLimits>): SchedulerDecider {
  const all = { ...SCHEDULER_LIMITS, ...limits };
  return {
    initialState: () => initialState(all),
    decide,
    evolve,
    foreign: FOREIGN_TYPES,
    settle,
    dueAtMs,
    due,
    snapshot: snapshotFormat(all),
  };
}

/** Queue, matching, leases, retries, dependencies and runs of one project. */
export const schedulerDecider: SchedulerDecider = schedulerDeciderWith({});

function decide(state: SchedulerState, command: SchedulerCommand, { nowMs }: DecisionContext): readonly NewEvent[] {
  switch (command.type) {
    case 'SubmitRun':
      return submitRun(state, command.data, nowMs);
    case 'StartTask':
      return startTask(state, command.data, nowMs);
    case 'ReportProgress':
      return reportProgress(state, command.data, nowMs);
    case 'CompleteTask':
      return completeTask(state, command.data, nowMs);
    case 'FailTask':
      return failTask(state, command.data, nowMs);
    case 'CancelTask':
      return cancelTask(state, command.data, nowMs);
    case 'CancelRun':
      return cancelRun(state, command.data, nowMs);
    case 'RetryTask':
      return retryTask(state, command.data, nowMs);
    case 'ExpireLease':
      return expireLease(state, command.data, nowMs);
    case 'EndBackoff':
      return endBackoff(state, command.data, nowMs);
    case 'ReleaseAgent':
      return releaseAgent(state, command.data, nowMs);
    case 'RecordFencedAttempt':
      return recordFencedAttempt(state, command.data, nowMs);
    default:
      return unreachable(command);
  }
}

function evolve(state: SchedulerState, event: SchedulerEvent | AgentEvent): SchedulerState {
  apply(state, event);
  return state;
}

function apply(state: SchedulerState, event: SchedulerEvent | AgentEvent): void {
  switch (event.type) {
    case 'run.submitted':
      return onRunSubmitted(state, event);
    case 'run.cancel-requested':
      return onRunCancelRequested(state, event.data);
    case 'run.ended':
      return onRunEnded(state, event.data);
    case 'task.submitted':
      return onTaskSubmitted(state, event);
    case 'task.assigned':
      return onTaskAssigned(state, event.data);
    case 'task.started':
      return onTaskStarted(state, event.data);
    case 'task.completed':
      return onTaskCompleted(state, event.data);
    case 'task.attempt-failed':
      return onTaskAttemptFailed(state, event.data);
    case 'task.retry-scheduled':
      return onTaskRetryScheduled(state, event.data);
    case 'task.requeued':
      return onTaskRequeued(state, event.data);
    case 'task.failed':
      return onTaskFailed(state, event.data);
    case 'task.dead-lettered':
      return onTaskDeadLettered(state, event.data);
    case 'task.cancelled':
      return onTaskCancelled(state, event.data);
    case 'task.result-ignored':
      return onResultIgnored(state, event.data);
    case 'attempt.fenced':
      return onAttemptFenced(state, event.data);
    case 'task.progressed':
      return; // For the log's readers: no rule asks for it.
    case 'demand.changed':
      return state.matching.announced(event.data);
    case 'agent.registered':
      return onAgentRegistered(state, event.data);
    case 'agent.suspected':
      return onAgentSuspected(state, event.data);
    case 'agent.recovered':
      return onAgentRecovered(state, event.data);
    case 'agent.lost':
      return onAgentLost(state, event.data);
    case 'agent.deregistered':
      return onAgentDeregistered(state, event.data);
    default:
      return unreachable(event);
  }
}
