export { contextFacts } from './context.evolve';
export { CONTEXT_LIMITS, type ContextLimits } from './context.limits';
export { compareContext, getContext, getContextHistory, listContext } from './context.reads';
export { contextRules } from './context.rules';
export { type EncodedContext, SharedContext } from './context.state';
