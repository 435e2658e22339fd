export { endedClaim, grantedClaim, refusedClaim } from './claim-conflict';
export { conflictFacts } from './conflicts.evolve';
export { CONFLICT_LIMITS, type ConflictLimits } from './conflicts.limits';
export { getConflict, listConflicts } from './conflicts.reads';
export { conflictRules } from './conflicts.rules';
export { Conflicts, type EncodedConflicts } from './conflicts.state';
export { conflictsDue, conflictsDueAtMs } from './conflicts.timers';
