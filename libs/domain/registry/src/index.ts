export { agentState, freeCapacity } from './agent-state';
export {
  type Conflict,
  CONFLICT_LIMITS,
  type ConflictLimits,
  CONFLICTS_LISTED_DEFAULT,
  endedClaim,
  getConflict,
  grantedClaim,
  listConflicts,
  refusedClaim,
  RESOLVER_ROLES,
} from './conflicts/conflicts.exports';
export {
  compareContext,
  CONTEXT_LIMITS,
  type ContextLimits,
  type ContextVersion,
  getContext,
  getContextHistory,
  listContext,
} from './context/context.exports';
export {
  forgetStrangers,
  PRESENCE_DEFAULTS,
  type PresenceCommand,
  presenceCommands,
  type PresenceConfig,
  type PresenceLook,
} from './presence.policy';
export { DECAY } from './record/record.exports';
export { type RegistryDecider, registryDecider, registryDeciderWith, type RegistryFact } from './registry.decider';
export {
  AGENTS_GONE_MAX,
  AGENTS_PRESENT_MAX,
  type AgentRecord,
  REGISTRY_LIMITS,
  type RegistryLimits,
  type RegistryState,
  REPLACED_INSTANCES_MAX,
} from './registry.state';
export { AGENTS_PAGE_DEFAULT, agentView, getAgent, heartbeatAnswer, listAgents, projectView, type Seen } from './registry.views';
export { evidenceSeen, note, type Sighting, type Sightings } from './sightings';
