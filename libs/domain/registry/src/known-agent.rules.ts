import { type NewEvent, Rejection } from '@torch/kernel';
import type { AgentRecord, RegistryState } from './registry.state';

/** @throws Rejection `unknown-agent`. */
export function knownAgent(state: RegistryState, agentId: string): AgentRecord {
  const agent = state.agents.get(agentId);
  if (!agent) throw new Rejection('unknown-agent', `No agent has the id "${agentId}".`);
  return agent;
}

/** @throws Rejection `unknown-agent`, `stale-instance`. */
export function currentInstance(state: RegistryState, agentId: string, instance: string): AgentRecord {
  const agent = knownAgent(state, agentId);
  if (agent.instance !== instance) {
    throw new Rejection('stale-instance', `Agent "${agentId}" is instance "${agent.instance}", and not "${instance}".`);
  }
  return agent;
}

/** @throws Rejection `agent-deregistered`. */
export function notDeregistered(agent: AgentRecord): AgentRecord {
  if (agent.presence === 'deregistered') {
    throw new Rejection('agent-deregistered', `Agent "${agent.agentId}" was deregistered and has to register again.`);
  }
  return agent;
}

export function agentEvent<Data extends { readonly agentId: string }>(type: string, data: Data): NewEvent {
  return { type, subject: `agent/${data.agentId}`, data };
}
