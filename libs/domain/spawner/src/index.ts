export { type SpawnerDecider, spawnerDecider, spawnerDeciderWith, type SpawnerFact } from './spawner.decider';
export { type ReactedTo, reactionTo } from './spawner.reactions';
export { AGENTS_PER_NODE_MAX, POOLS_MAX, SPAWNER_LIMITS, type SpawnerLimits, type SpawnerState } from './spawner.state';
export type { SpawnerOwnCommand } from './spawner.timers';
export { listPools, processesToRun, type ProcessToRun, processToRun } from './spawner.views';
