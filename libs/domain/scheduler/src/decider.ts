import type { SchedulerCommand, SchedulerEvent } from '@torch/contracts';
import { decideBy, type Decider, evolveBy, ruled, told } from '@torch/kernel';
import {
  onAgentDeregistered,
  onAgentDraining,
  onAgentLost,
  onAgentPaused,
  onAgentRecovered,
  onAgentRegistered,
  onAgentSuspected,
  onAgentUpdated,
} from './agent.evolve';
import { approvalFacts, approvalRules } from './approvals/approvals.exports';
import { completeTask, failTask, reportProgress, startTask } from './attempt';
import { budgetFacts, budgetRules } from './budgets/budgets.exports';
import { claimFacts, claimRules } from './claims/claims.exports';
import { cancelRun, cancelTask, changePriority, retryTask } from './control';
import { recordFencedAttempt } from './fencing';
import { passMoment } from './pass-moment';
import { redriveTasks } from './redrive';
import { releaseAgent } from './release-agent';
import { onAttemptFenced, onResultIgnored } from './fencing.evolve';
import { onRunCancelRequested, onRunEnded, onRunSubmitted } from './run.evolve';
import { limitFacts, limitRules } from './limits/limits.exports';
import type { Facts, Rules } from './rules';
import { type AgentEvent, FOREIGN_TYPES } from './scheduler.facts';
import { scheduleFacts, scheduleRules } from './schedules/schedules.exports';
import { SCHEDULER_LIMITS, type SchedulerLimits } from './scheduler.limits';
import { snapshotFormat } from './scheduler.snapshot';
import { initialState, type SchedulerState } from './scheduler.state';
import { settle } from './settle';
import { restartQueueTimeouts, stopQueueTimeouts } from './stopped';
import { submitRun } from './submit-run';
import {
  onTaskAssigned,
  onTaskAttemptFailed,
  onTaskCancelled,
  onTaskCompleted,
  onTaskDeadLettered,
  onTaskFailed,
  onTaskPriorityChanged,
  onTaskProgressed,
  onTaskRequeued,
  onTaskRetryScheduled,
  onTaskSkipped,
  onTaskStarted,
  onTaskSubmitted,
} from './task.evolve';
import { agentGone } from './topics';
import { due, dueAtMs, endBackoff, expireLease } from './timers';

export type SchedulerDecider = Decider<SchedulerState, SchedulerCommand, SchedulerEvent | AgentEvent>;

const inOrder =
  <Event>(first: (state: SchedulerState, event: Event) => void, then: (state: SchedulerState, event: Event) => void) =>
  (state: SchedulerState, event: Event): void => {
    first(state, event);
    then(state, event);
  };

const RULES: Rules<SchedulerCommand> = {
  SubmitRun: (state, { data, actor }, { nowMs }) => submitRun(state, data, nowMs, actor),
  StartTask: ruled(startTask),
  ReportProgress: ruled(reportProgress),
  CompleteTask: ruled(completeTask),
  FailTask: ruled(failTask),
  CancelTask: ruled(cancelTask),
  CancelRun: ruled(cancelRun),
  RetryTask: ruled(retryTask),
  RedriveTasks: ruled(redriveTasks),
  ChangePriority: ruled(changePriority),
  PassMoment: ruled(passMoment),
  ExpireLease: ruled(expireLease),
  EndBackoff: ruled(endBackoff),
  ReleaseAgent: ruled(releaseAgent),
  RecordFencedAttempt: ruled(recordFencedAttempt),
  ...limitRules,
  ...claimRules,
  ...approvalRules,
  ...budgetRules,
  ...scheduleRules,
};

const FACTS: Facts<SchedulerEvent | AgentEvent> = {
  'run.submitted': onRunSubmitted,
  'run.cancel-requested': told(onRunCancelRequested),
  'run.ended': told(onRunEnded),
  'task.submitted': onTaskSubmitted,
  'task.assigned': told(onTaskAssigned),
  'task.started': told(onTaskStarted),
  'task.progressed': told(onTaskProgressed),
  'task.completed': told(onTaskCompleted),
  'task.attempt-failed': told(onTaskAttemptFailed),
  'task.retry-scheduled': told(onTaskRetryScheduled),
  'task.requeued': told(onTaskRequeued),
  'task.skipped': told(onTaskSkipped),
  'task.priority-changed': told(onTaskPriorityChanged),
  'task.failed': told(onTaskFailed),
  'task.dead-lettered': told(onTaskDeadLettered),
  'task.cancelled': told(onTaskCancelled),
  'task.result-ignored': told(onResultIgnored),
  'attempt.fenced': told(onAttemptFenced),
  'demand.changed': told((state, data) => state.matching.announced(data)),
  'agent.registered': told((state, data) => {
    const before = state.agents.get(data.agentId)?.instance;
    onAgentRegistered(state, data);
    if (before !== undefined && before !== data.instance) agentGone(state, data);
  }),
  'agent.updated': told(onAgentUpdated),
  'agent.draining': told(onAgentDraining),
  'agent.paused': told(onAgentPaused),
  'agent.suspected': told(onAgentSuspected),
  'agent.recovered': told(onAgentRecovered),
  'agent.lost': told(inOrder(onAgentLost, agentGone)),
  'agent.deregistered': told(inOrder(onAgentDeregistered, agentGone)),
  ...limitFacts,
  'work.stopped': inOrder(limitFacts['work.stopped'], stopQueueTimeouts),
  'work.resumed': inOrder(limitFacts['work.resumed'], told(restartQueueTimeouts)),
  ...claimFacts,
  ...approvalFacts,
  ...budgetFacts,
  ...scheduleFacts,
};

const decide = decideBy<SchedulerState, SchedulerCommand>(RULES);
const evolve = evolveBy<SchedulerState, SchedulerEvent | AgentEvent>(FACTS);

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
