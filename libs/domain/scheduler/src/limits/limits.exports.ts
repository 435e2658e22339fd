export { limitFacts } from './limits.evolve';
export { quotaGate, stopGate } from './limits.gate';
export { listLimits } from './limits.reads';
export { limitRules } from './limits.rules';
export { Quotas } from './limits.state';
export { limitsTopic } from './limits.topic';
