import type { MessagingLimits, MessagingState } from './messaging.state';

export function memberJoined(state: MessagingState, agentId: string, role: string): MessagingState {
  memberLeft(state, agentId);
  state.members.set(agentId, role);
  const agents = state.roles.get(role);
  if (agents) agents.add(agentId);
  else state.roles.set(role, new Set([agentId]));
  return state;
}

/** Its inbox stays until its messages are acknowledged or expire. */
export function memberLeft(state: MessagingState, agentId: string): MessagingState {
  const role = state.members.get(agentId);
  if (role === undefined) return state;
  const agents = state.roles.get(role);
  agents?.delete(agentId);
  if (agents?.size === 0) state.roles.delete(role);
  state.members.delete(agentId);
  state.lost.delete(agentId);
  return state;
}

/** A lost agent may come back, so it goes on receiving. */
export function memberLost(state: MessagingState, agentId: string, { lostMembersMax }: MessagingLimits): MessagingState {
  if (!state.members.has(agentId)) return state;
  state.lost.delete(agentId);
  state.lost.add(agentId);
  for (const oldest of state.lost) {
    if (state.lost.size <= lostMembersMax) break;
    memberLeft(state, oldest);
  }
  return state;
}

export function memberRecovered(state: MessagingState, agentId: string): MessagingState {
  state.lost.delete(agentId);
  return state;
}
