import type { AgentLost, AgentSuspected, LoseAgent, RecoverAgent, SuspectAgent } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import { checkRoomForOneMore, currentInstance, knownAgent, recovered } from './registration.rules';
import { isPresent, type RegistryState } from './registry.state';

/** live → suspected. Any other presence is further on already, and stays. */
export function suspectAgent(state: RegistryState, { agentId, instance, lastSeenAtMs }: SuspectAgent, nowMs: number): readonly NewEvent[] {
  const agent = currentInstance(state, agentId, instance);
  if (agent.presence !== 'live') return [];
  const data: AgentSuspected = { agentId, lastSeenAtMs, suspectedAtMs: nowMs };
  return [{ type: 'agent.suspected', subject: `agent/${agentId}`, data }];
}

/** live or suspected → lost. */
export function loseAgent(
  state: RegistryState,
  { agentId, instance, reason, lastSeenAtMs }: LoseAgent,
  nowMs: number,
): readonly NewEvent[] {
  const agent = instance === undefined ? knownAgent(state, agentId) : currentInstance(state, agentId, instance);
  if (!isPresent(agent)) return [];
  const data: AgentLost = { agentId, reason, lastSeenAtMs, lostAtMs: nowMs };
  return [{ type: 'agent.lost', subject: `agent/${agentId}`, data }];
}

/** suspected or lost → live, as long as the project has room. Who was deregistered has to register again. */
export function recoverAgent(state: RegistryState, { agentId, instance }: RecoverAgent, nowMs: number): readonly NewEvent[] {
  const agent = currentInstance(state, agentId, instance);
  if (agent.presence === 'deregistered')
    throw new Rejection('agent-deregistered', `Agent "${agentId}" was deregistered and has to register again.`);
  if (agent.presence === 'live') return [];
  if (agent.presence === 'lost') checkRoomForOneMore(state);
  return [recovered(agentId, nowMs)];
}
