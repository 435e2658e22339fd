import type { AgentLost, AgentSuspected, LoseAgent, RecoverAgent, SuspectAgent } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';
import { agentEvent, currentInstance, knownAgent, notDeregistered } from './known-agent.rules';
import { checkRoomForOneMore, recovered } from './registration.rules';
import { isPresent, type RegistryState } from './registry.state';

/** live → suspected. Any other presence is further on already, and stays. */
export function suspectAgent(state: RegistryState, { agentId, instance, lastSeenAtMs }: SuspectAgent, nowMs: number): readonly NewEvent[] {
  const agent = currentInstance(state, agentId, instance);
  if (agent.presence !== 'live') return [];
  return [agentEvent<AgentSuspected>('agent.suspected', { agentId, lastSeenAtMs, suspectedAtMs: nowMs })];
}

/** live or suspected → lost. */
export function loseAgent(
  state: RegistryState,
  { agentId, instance, reason, lastSeenAtMs }: LoseAgent,
  nowMs: number,
): readonly NewEvent[] {
  const agent = instance === undefined ? knownAgent(state, agentId) : currentInstance(state, agentId, instance);
  if (!isPresent(agent)) return [];
  return [agentEvent<AgentLost>('agent.lost', { agentId, reason, lastSeenAtMs, lostAtMs: nowMs })];
}

/** suspected or lost → live, as long as the project has room. Who was deregistered has to register again. */
export function recoverAgent(state: RegistryState, { agentId, instance }: RecoverAgent, nowMs: number): readonly NewEvent[] {
  const agent = notDeregistered(currentInstance(state, agentId, instance));
  if (agent.presence === 'live') return [];
  if (agent.presence === 'lost') checkRoomForOneMore(state);
  return [recovered(agentId, nowMs)];
}
