import type { AgentState } from '@torch/contracts';
import type { AgentRecord } from './registry.state';

export type StateFacts = Pick<AgentRecord, 'presence' | 'drainReason' | 'pause' | 'questions' | 'running'>;

/**
 * The one state that an agent is in: of everything that holds, what comes first here. Whether it is there at all comes before
 * whether it gets anything new, and that before what it does.
 *
 * @param heard whether there was a sign of life since it registered.
 */
export function agentState({ presence, drainReason, pause, questions, running }: StateFacts, heard: boolean): AgentState {
  if (presence === 'deregistered') return 'stopped';
  if (presence !== 'live') return presence;
  if (drainReason !== undefined) return 'draining';
  if (pause) return pause.pause;
  if (questions > 0) return 'blocked-on-human';
  if (running > 0) return 'busy';
  return heard ? 'idle' : 'starting';
}

/** Tasks that the agent can take now beside those that it has. */
export function freeCapacity({ presence, drainReason, pause, running, capacity }: StateFacts & Pick<AgentRecord, 'capacity'>): number {
  return presence === 'live' && drainReason === undefined && !pause ? Math.max(0, capacity - running) : 0;
}
