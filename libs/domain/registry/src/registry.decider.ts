import type { RegistryCommand, RegistryEvent, TaskAttemptFailed, TaskCompleted } from '@torch/contracts';
import { type Decider, type DecisionContext, type EventEnvelope, type NewEvent, unreachable } from '@torch/kernel';
import { loseAgent, recoverAgent, suspectAgent } from './presence.rules';
import { createProject, deregisterAgent, registerAgent, setDurability } from './registration.rules';
import { agentDeregistered, agentLost, agentRecovered, agentRegistered, agentSuspected, attemptEnded } from './registry.facts';
import { registrySnapshot } from './registry.snapshot';
import { emptyRegistry, REGISTRY_LIMITS, type RegistryLimits, type RegistryState } from './registry.state';

/** What the registry folds: its own events, and how attempts ended. */
export type RegistryFact =
  RegistryEvent | EventEnvelope<'task.completed', TaskCompleted> | EventEnvelope<'task.attempt-failed', TaskAttemptFailed>;

export type RegistryDecider = Decider<RegistryState, RegistryCommand, RegistryFact>;

/** The same limits must hold wherever one log is decided, replayed and audited: `agentsGoneMax` is part of what a state is. */
export function registryDeciderWith(limits: RegistryLimits): RegistryDecider {
  return {
    initialState: emptyRegistry,
    decide: (state, command, context) => decide(state, command, context, limits),
    evolve: (state, event) => evolve(state, event, limits),
    foreign: ['task.completed', 'task.attempt-failed'],
    snapshot: registrySnapshot,
  };
}

export const registryDecider: RegistryDecider = registryDeciderWith(REGISTRY_LIMITS);

function decide(state: RegistryState, command: RegistryCommand, { nowMs }: DecisionContext, limits: RegistryLimits): readonly NewEvent[] {
  switch (command.type) {
    case 'CreateProject':
      return createProject(state, command.project, nowMs);
    case 'SetProjectDurability':
      return setDurability(state, command, nowMs);
    case 'RegisterAgent':
      return registerAgent(state, command.data, nowMs, limits);
    case 'DeregisterAgent':
      return deregisterAgent(state, command.data, nowMs);
    case 'SuspectAgent':
      return suspectAgent(state, command.data, nowMs);
    case 'LoseAgent':
      return loseAgent(state, command.data, nowMs);
    case 'RecoverAgent':
      return recoverAgent(state, command.data, nowMs, limits);
    default:
      return unreachable(command);
  }
}

function evolve(state: RegistryState, event: RegistryFact, limits: RegistryLimits): RegistryState {
  switch (event.type) {
    case 'project.created':
      return { ...state, createdAtMs: event.data.createdAtMs };
    case 'project.durability-set':
      return { ...state, durability: event.data.durability };
    case 'agent.registered':
      return agentRegistered(state, event.data, limits);
    case 'agent.suspected':
      return agentSuspected(state, event.data);
    case 'agent.lost':
      return agentLost(state, event.data, limits);
    case 'agent.recovered':
      return agentRecovered(state, event.data);
    case 'agent.deregistered':
      return agentDeregistered(state, event.data, limits);
    case 'task.completed':
      return attemptEnded(state, event.data.agentId, 'completed');
    case 'task.attempt-failed':
      return attemptEnded(state, event.data.agentId, 'failed');
    default:
      return unreachable(event);
  }
}
