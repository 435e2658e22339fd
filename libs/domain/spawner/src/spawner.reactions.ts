import type { AgentLost, RunEnded } from '@torch/contracts';
import type { EventEnvelope } from '@torch/kernel';
import type { SpawnerState } from './spawner.state';
import type { SpawnerOwnCommand } from './spawner.timers';

export type ReactedTo = EventEnvelope<'run.ended', RunEnded> | EventEnvelope<'agent.lost', AgentLost>;

/** What another service's event asks of the spawner: a run's pools end with it, and a process whose agent is lost is stopped. */
export function reactionTo(event: ReactedTo, state: SpawnerState): SpawnerOwnCommand[] {
  return event.type === 'run.ended' ? poolsOfEndedRun(event.data, state) : processOfLostAgent(event.data, state);
}

function poolsOfEndedRun({ runId, status }: RunEnded, { pools }: SpawnerState): SpawnerOwnCommand[] {
  return [...pools.values()]
    .filter(({ spec, retired }) => spec.runId === runId && !retired)
    .map(({ spec: { poolId } }) => ({ type: 'RetirePool', data: { poolId, reason: `Run "${runId}" has ended as ${status}.` } }));
}

function processOfLostAgent({ agentId, reason }: AgentLost, { processes }: SpawnerState): SpawnerOwnCommand[] {
  const process = processes.get(agentId);
  if (!process || process.state === 'stopping') return [];
  return [{ type: 'StopAgent', data: { agentId, reason: `The agent is lost: ${reason}` } }];
}
