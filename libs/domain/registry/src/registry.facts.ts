import type { AgentDeregistered, AgentLost, AgentRecovered, AgentRegistered, AgentSuspected } from '@torch/contracts';
import type { AgentRecord, RegistryLimits, RegistryState } from './registry.state';

export function agentRegistered(state: RegistryState, data: AgentRegistered, { replacedInstancesMax }: RegistryLimits): RegistryState {
  const { agentId, name, role, skills, capacity, harness, instance, node, pid, registeredAtMs } = data;
  const before = state.agents.get(agentId);
  if (before) state.index.remove(before);
  const agent: AgentRecord = {
    agentId,
    name,
    role,
    skills,
    capacity,
    harness,
    instance,
    node,
    pid,
    registeredAtMs,
    presence: 'live',
    lastSeenAtMs: registeredAtMs,
    replacedInstances: before ? replacedBy(instance, before).slice(-replacedInstancesMax) : [],
    completed: before?.completed ?? 0,
    failed: before?.failed ?? 0,
  };
  state.agents.set(agentId, agent);
  state.gone.delete(agentId);
  state.index.add(agent);
  return state;
}

function replacedBy(instance: string, { instance: before, replacedInstances }: AgentRecord): readonly string[] {
  return before === instance ? replacedInstances : [...replacedInstances.filter((replaced) => replaced !== instance), before];
}

export function agentSuspected(state: RegistryState, { agentId, lastSeenAtMs }: AgentSuspected): RegistryState {
  return change(state, agentId, (agent) => {
    agent.presence = 'suspected';
    agent.lastSeenAtMs = lastSeenAtMs;
  });
}

export function agentRecovered(state: RegistryState, { agentId, recoveredAtMs }: AgentRecovered): RegistryState {
  state.gone.delete(agentId);
  return change(state, agentId, (agent) => {
    agent.presence = 'live';
    agent.lastSeenAtMs = recoveredAtMs;
    agent.goneAtMs = undefined;
  });
}

export function agentLost(state: RegistryState, { agentId, lastSeenAtMs, lostAtMs }: AgentLost, limits: RegistryLimits): RegistryState {
  change(state, agentId, (agent) => {
    agent.presence = 'lost';
    agent.lastSeenAtMs = lastSeenAtMs;
    agent.goneAtMs = lostAtMs;
  });
  return keepGone(state, agentId, limits);
}

export function agentDeregistered(
  state: RegistryState,
  { agentId, deregisteredAtMs }: AgentDeregistered,
  limits: RegistryLimits,
): RegistryState {
  change(state, agentId, (agent) => {
    agent.presence = 'deregistered';
    agent.goneAtMs = deregisteredAtMs;
  });
  return keepGone(state, agentId, limits);
}

/** Attempts of agents that are already forgotten are not counted: their record is gone with them. */
export function attemptEnded(state: RegistryState, agentId: string, outcome: 'completed' | 'failed'): RegistryState {
  const agent = state.agents.get(agentId);
  if (agent) agent[outcome]++;
  return state;
}

function keepGone(state: RegistryState, agentId: string, { agentsGoneMax }: RegistryLimits): RegistryState {
  state.gone.delete(agentId); // A lost agent that is deregistered has its turn to be forgotten from then on.
  state.gone.add(agentId);
  for (const oldest of state.gone) {
    if (state.gone.size <= agentsGoneMax) break;
    const forgotten = state.agents.get(oldest);
    if (forgotten) state.index.remove(forgotten);
    state.agents.delete(oldest);
    state.gone.delete(oldest);
  }
  return state;
}

function change(state: RegistryState, agentId: string, update: (agent: AgentRecord) => void): RegistryState {
  const agent = state.agents.get(agentId);
  if (!agent) return state;
  state.index.remove(agent);
  update(agent);
  state.index.add(agent);
  return state;
}
