export { limitFacts } from './limits.evolve';
export { type CountedBefore, quotaGate, stopGate } from './limits.gate';
export { listLimits } from './limits.reads';
export { limitRules } from './limits.rules';
export { distinct, Quotas } from './limits.state';
export { limitsTopic } from './limits.topic';
export { heldAtSemaphore, isFull, roomOf, semaphoreKey, severalOf } from './semaphores';
