import type { AgentRegistered, DemandChanged, RunEnded, RunSubmitted, SpawnerCommand, SpawnerEvent } from '@torch/contracts';
import { type Decider, type DecisionContext, type EventEnvelope, type NewEvent, unreachable } from '@torch/kernel';
import { processFenced, recordFencedProcess } from './fencing.rules';
import { poolDefined, poolQuarantined, poolRetired, quarantineReleased, runEnded, runSubmitted } from './pool.facts';
import { definePools, releaseQuarantine, retirePool } from './pool.rules';
import { agentExited, agentRegistered, agentSpawned, agentStopRequested, demandChanged, spawnRequested } from './process.facts';
import { recordExited, recordSpawned, stopAgent } from './process.rules';
import { settleSpawns } from './spawning.rules';
import { spawnerSnapshot } from './spawner.snapshot';
import { emptySpawner, SPAWNER_LIMITS, type SpawnerLimits, type SpawnerState } from './spawner.state';
import { spawnerDue, spawnerDueAtMs } from './spawner.timers';

/** What the spawner folds: its own events, what waits, which runs there are, and which processes have become agents. */
export type SpawnerFact =
  | SpawnerEvent
  | EventEnvelope<'demand.changed', DemandChanged>
  | EventEnvelope<'run.submitted', RunSubmitted>
  | EventEnvelope<'run.ended', RunEnded>
  | EventEnvelope<'agent.registered', AgentRegistered>;

export type SpawnerDecider = Decider<SpawnerState, SpawnerCommand, SpawnerFact>;

/** The same limits must hold wherever one log is decided, replayed and audited: some of them say what a state remembers. */
export function spawnerDeciderWith(limits: SpawnerLimits): SpawnerDecider {
  return {
    initialState: () => emptySpawner(limits),
    decide: (state, command, context) => decide(state, command, context, limits),
    evolve(state, event) {
      state.spawnDueAtMs = undefined;
      return evolve(state, event, limits);
    },
    foreign: ['demand.changed', 'run.submitted', 'run.ended', 'agent.registered'],
    settle: (state, context) => settleSpawns(state, context, limits),
    dueAtMs: (state) => spawnerDueAtMs(state, limits),
    due: (state, context) => spawnerDue(state, context, limits),
    snapshot: spawnerSnapshot(limits),
  };
}

export const spawnerDecider: SpawnerDecider = spawnerDeciderWith(SPAWNER_LIMITS);

function decide(state: SpawnerState, command: SpawnerCommand, { nowMs }: DecisionContext, limits: SpawnerLimits): readonly NewEvent[] {
  switch (command.type) {
    case 'DefinePools':
      return definePools(state, command.data, nowMs, limits);
    case 'RetirePool':
      return retirePool(state, command.data, nowMs);
    case 'StopAgent':
      return stopAgent(state, command.data, nowMs);
    case 'ReleaseQuarantine':
      return releaseQuarantine(state, command.data, nowMs);
    case 'RecordSpawned':
      return recordSpawned(state, command.data, nowMs);
    case 'RecordExited':
      return recordExited(state, command.data, nowMs, limits);
    case 'RecordFencedProcess':
      return recordFencedProcess(state, command.data, nowMs, limits);
    default:
      return unreachable(command);
  }
}

function evolve(state: SpawnerState, event: SpawnerFact, limits: SpawnerLimits): SpawnerState {
  switch (event.type) {
    case 'pool.defined':
      return poolDefined(state, event.data, { correlationId: event.correlationId, traceparent: event.traceparent });
    case 'pool.retired':
      return poolRetired(state, event.data);
    case 'agent.spawn-requested':
      return spawnRequested(state, event.data);
    case 'agent.spawned':
      return agentSpawned(state, event.data);
    case 'agent.stop-requested':
      return agentStopRequested(state, event.data);
    case 'agent.exited':
      return agentExited(state, event.data, limits);
    case 'agent.quarantined':
      return poolQuarantined(state, event.data);
    case 'agent.quarantine-released':
      return quarantineReleased(state, event.data);
    case 'process.fenced':
      return processFenced(state, event.data);
    case 'demand.changed':
      return demandChanged(state, event.data, limits);
    case 'run.submitted':
      return runSubmitted(state, event.data.runId, limits);
    case 'run.ended':
      return runEnded(state, event.data.runId);
    case 'agent.registered':
      return agentRegistered(state, event.data);
    default:
      return unreachable(event);
  }
}
