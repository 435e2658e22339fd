export { endedClaim, grantedClaim, refusedClaim } from './claim-conflict';
export { conflictFacts } from './conflicts.evolve';
export { CONFLICT_LIMITS, type ConflictLimits } from './conflicts.limits';
export { CONFLICTS_LISTED_DEFAULT, getConflict, listConflicts } from './conflicts.reads';
export { conflictRules, RESOLVER_ROLES } from './conflicts.rules';
export { type Conflict, Conflicts } from './conflicts.state';
export { conflictsDue, conflictsDueAtMs } from './conflicts.timers';
