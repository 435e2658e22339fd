import type {
  AgentDeregistered,
  AgentDraining,
  AgentLost,
  AgentPaused,
  AgentRecovered,
  AgentRegistered,
  AgentSuspected,
  AgentUpdated,
} from '@torch/contracts';
import { abilitiesOf } from './registration.rules';
import { agentRecord, type AgentRecord, type RegistryState } from './registry.state';

/** Ends draining and every pause: where they go on, the registration is followed by events that say so. */
export function agentRegistered(state: RegistryState, data: AgentRegistered): void {
  const { agentId, instance, registeredAtMs } = data;
  const before = state.agents.get(agentId);
  const replacedInstances = before ? replacedBy(instance, before).slice(-state.limits.replacedInstancesMax) : [];
  const record = before?.record ?? [];
  const agent = agentRecord({ ...data, presence: 'live', lastSeenAtMs: registeredAtMs, replacedInstances, record }, before);
  state.agents.set(agentId, agent);
  state.gone.delete(agentId);
  state.index.put(agent);
  if (before?.instance === instance) return;
  state.ledger.throttled.delete(agentId);
  state.index.registered(agentId);
}

function replacedBy(instance: string, { instance: before, replacedInstances }: AgentRecord): readonly string[] {
  return before === instance ? replacedInstances : [...replacedInstances.filter((replaced) => replaced !== instance), before];
}

export function agentUpdated(state: RegistryState, { agentId, skills, labels, capacity, model }: AgentUpdated): void {
  change(state, agentId, (agent) => {
    agent.asRegistered ??= abilitiesOf(agent);
    if (skills !== undefined) agent.skills = skills;
    if (labels !== undefined) agent.labels = labels;
    if (capacity !== undefined) agent.capacity = capacity;
    if (model !== undefined) agent.model = model;
  });
}

export function agentDraining(state: RegistryState, { agentId, reason }: AgentDraining): void {
  change(state, agentId, (agent) => (agent.drainReason = reason));
}

export function agentPaused(state: RegistryState, { agentId, pause, untilMs }: AgentPaused): void {
  state.ledger.throttled.delete(agentId);
  change(state, agentId, (agent) => {
    agent.pause = pause && { pause, ...(untilMs !== undefined && { untilMs }) };
    state.pauses.add(agent);
  });
}

export function agentSuspected(state: RegistryState, { agentId, lastSeenAtMs }: AgentSuspected): void {
  change(state, agentId, (agent) => {
    agent.presence = 'suspected';
    agent.lastSeenAtMs = lastSeenAtMs;
  });
}

export function agentRecovered(state: RegistryState, { agentId, recoveredAtMs }: AgentRecovered): void {
  state.gone.delete(agentId);
  state.index.heard(agentId);
  change(state, agentId, (agent) => {
    agent.presence = 'live';
    agent.lastSeenAtMs = recoveredAtMs;
    agent.goneAtMs = undefined;
  });
}

export function agentLost(state: RegistryState, { agentId, lastSeenAtMs, lostAtMs }: AgentLost): void {
  change(state, agentId, (agent) => {
    agent.presence = 'lost';
    agent.lastSeenAtMs = lastSeenAtMs;
    agent.goneAtMs = lostAtMs;
  });
  keepGone(state, agentId);
}

export function agentDeregistered(state: RegistryState, { agentId, deregisteredAtMs }: AgentDeregistered): void {
  state.ledger.throttled.delete(agentId);
  change(state, agentId, (agent) => {
    agent.presence = 'deregistered';
    agent.drainReason = undefined;
    agent.pause = undefined;
    agent.goneAtMs = deregisteredAtMs;
  });
  keepGone(state, agentId);
}

function keepGone(state: RegistryState, agentId: string): void {
  if (!state.agents.has(agentId)) return;
  state.gone.delete(agentId); // A lost agent that is deregistered has its turn to be forgotten from then on.
  state.gone.add(agentId);
  for (const oldest of state.gone) {
    if (state.gone.size <= state.limits.agentsGoneMax) break;
    forget(state, oldest);
  }
}

function forget(state: RegistryState, agentId: string): void {
  const agent = state.agents.get(agentId);
  if (agent) state.ledger.forgetAgent(agentId, agent);
  state.index.drop(agentId);
  state.agents.delete(agentId);
  state.gone.delete(agentId);
}

function change(state: RegistryState, agentId: string, update: (agent: AgentRecord) => void): void {
  const agent = state.agents.get(agentId);
  if (!agent) return;
  update(agent);
  state.index.put(agent);
}
