export { endedClaim, getConflict, grantedClaim, listConflicts, refusedClaim } from './conflicts/conflicts.exports';
export { compareContext, getContext, getContextHistory, listContext } from './context/context.exports';
export {
  PRESENCE_DEFAULTS,
  type PresenceCommand,
  presenceCommands,
  presenceLook,
  type PresenceConfig,
  type PresenceLook,
} from './presence.policy';
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
export { evidenceSeen, note, type Sightings } from './sightings';
