import type { RegistryCommand, RegistryEvent, SchedulerEvent } from '@torch/contracts';
import { decideBy, type Decider, evolveBy, ruled, type TimerContext, told } from '@torch/kernel';
import {
  approvalRequested,
  approvalSettled,
  attemptFailed,
  retryScheduled,
  taskAssigned,
  taskCompleted,
  taskEnded,
  taskReopened,
  taskSubmitted,
} from './attempts.facts';
import { conflictFacts, conflictRules, conflictsDue, conflictsDueAtMs } from './conflicts/conflicts.exports';
import { contextFacts, contextRules } from './context/context.exports';
import { drainAgent, pauseAgent, pauseThrottled, pausesDue, pausesDueAtMs, updateAgent } from './operation.rules';
import { loseAgent, recoverAgent, suspectAgent } from './presence.rules';
import { createProject, deregisterAgent, registerAgent, setDurability } from './registration.rules';
import {
  agentDeregistered,
  agentDraining,
  agentLost,
  agentPaused,
  agentRecovered,
  agentRegistered,
  agentSuspected,
  agentUpdated,
} from './registry.facts';
import { registrySnapshot } from './registry.snapshot';
import { emptyRegistry, REGISTRY_LIMITS, type RegistryLimits, type RegistryState } from './registry.state';
import type { Facts, Rules } from './rules';

/** What the registry hears from the scheduler: who is at work, and how it went. */
const FOREIGN_TYPES = [
  'task.submitted',
  'task.assigned',
  'task.completed',
  'task.attempt-failed',
  'task.retry-scheduled',
  'task.requeued',
  'task.failed',
  'task.dead-lettered',
  'task.cancelled',
  'task.skipped',
  'approval.requested',
  'approval.answered',
  'approval.withdrawn',
] as const;

/**
 * Pauses that are over, then conflicts that nobody has resolved. All by the clock: agents and parties were told the moment, and nobody's
 * work ends by it.
 */
function registryDue(state: RegistryState, { nowMs, max }: TimerContext): readonly Pick<RegistryCommand, 'type' | 'data'>[] {
  const pauses = pausesDue(state, nowMs, max);
  return [...pauses, ...conflictsDue(state, nowMs, max - pauses.length)];
}

/** What the registry folds. */
export type RegistryFact = RegistryEvent | Extract<SchedulerEvent, { type: (typeof FOREIGN_TYPES)[number] }>;

export type RegistryDecider = Decider<RegistryState, RegistryCommand, RegistryFact>;

const RULES: Rules<RegistryCommand> = {
  CreateProject: (state, { project }, { nowMs }) => createProject(state, project, nowMs),
  SetProjectDurability: (state, command, { nowMs }) => setDurability(state, command, nowMs),
  RegisterAgent: ruled(registerAgent),
  UpdateAgent: ruled(updateAgent),
  DrainAgent: ruled(drainAgent),
  PauseAgent: ruled(pauseAgent),
  DeregisterAgent: ruled(deregisterAgent),
  SuspectAgent: ruled(suspectAgent),
  LoseAgent: ruled(loseAgent),
  RecoverAgent: ruled(recoverAgent),
  ...contextRules,
  ...conflictRules,
};

const FACTS: Facts<RegistryFact> = {
  'project.created': told((state, { createdAtMs }) => (state.createdAtMs = createdAtMs)),
  'project.durability-set': told((state, { durability }) => (state.durability = durability)),
  'agent.registered': told(agentRegistered),
  'agent.updated': told(agentUpdated),
  'agent.draining': told(agentDraining),
  'agent.paused': told(agentPaused),
  'agent.suspected': told(agentSuspected),
  'agent.lost': told(agentLost),
  'agent.recovered': told(agentRecovered),
  'agent.deregistered': told(agentDeregistered),
  'task.submitted': told(taskSubmitted),
  'task.assigned': told(taskAssigned),
  'task.completed': told(taskCompleted),
  'task.attempt-failed': told(attemptFailed),
  'task.retry-scheduled': told(retryScheduled),
  'task.requeued': told(taskReopened),
  'task.failed': told(taskEnded),
  'task.dead-lettered': told(taskEnded),
  'task.cancelled': told(taskEnded),
  'task.skipped': told(taskEnded),
  'approval.requested': told(approvalRequested),
  'approval.answered': told(approvalSettled),
  'approval.withdrawn': told(approvalSettled),
  ...contextFacts,
  ...conflictFacts,
};

const decide = decideBy<RegistryState, RegistryCommand>(RULES);
const evolve = evolveBy<RegistryState, RegistryFact>(FACTS);

/** The same limits must hold wherever one log is decided, replayed and audited: they are part of what a state is. */
export function registryDeciderWith(limits: Partial<RegistryLimits>): RegistryDecider {
  const all = { ...REGISTRY_LIMITS, ...limits };
  return {
    initialState: () => emptyRegistry(all),
    decide,
    evolve,
    foreign: FOREIGN_TYPES,
    settle: (state, { nowMs }) => pauseThrottled(state, nowMs),
    dueAtMs: (state) => Math.min(pausesDueAtMs(state), conflictsDueAtMs(state)),
    due: registryDue,
    snapshot: registrySnapshot(all),
  };
}

/** Projects, agents and their presence, what they share, and what they disagree about. */
export const registryDecider: RegistryDecider = registryDeciderWith({});
