import type { ReleaseAgent, SchedulerCommand } from '@torch/contracts';
import type { AnyEvent, NewEvent } from '@torch/kernel';
import { attemptFailed } from './attempt-failure';
import { inThread } from './scheduler.facts';
import { bySeq, type SchedulerState, type TaskState } from './scheduler.state';

/** Ends attempts whose agent is not there any more. Those of the instance that is there now go on. */
export function releaseAgent(state: SchedulerState, { agentId, reason }: ReleaseAgent, nowMs: number): readonly NewEvent[] {
  const message =
    reason === 'agent-lost' ? `Agent ${agentId} is lost.` : `Agent ${agentId} was deregistered, or replaced by another instance.`;
  return orphans(state, agentId)
    .slice(0, state.limits.releasesPerCommandMax)
    .flatMap((task) => attemptFailed(state, task, { reason, message }, nowMs).map((event) => inThread(task, event)));
}

/**
 * What the scheduler does about an agent's event, asked after `evolve` has seen it: as many commands as it takes to end
 * the attempts that the event leaves without an agent.
 */
export function reactionTo(
  { type, data }: Pick<AnyEvent, 'type' | 'data'>,
  state: SchedulerState,
): readonly Pick<SchedulerCommand, 'type' | 'data'>[] {
  if (type !== 'agent.lost' && type !== 'agent.deregistered' && type !== 'agent.registered') return [];
  const { agentId } = data as { agentId: string };
  const release: ReleaseAgent = { agentId, reason: type === 'agent.lost' ? 'agent-lost' : 'agent-gone' };
  const commands = Math.ceil(orphans(state, agentId).length / state.limits.releasesPerCommandMax);
  return Array.from({ length: commands }, () => ({ type: 'ReleaseAgent', data: release }));
}

function orphans({ agents }: SchedulerState, agentId: string): TaskState[] {
  const agent = agents.get(agentId);
  if (!agent || agent.live.size === 0) return [];
  const absent = agent.presence === 'lost' || agent.presence === 'gone';
  return [...agent.live].filter(({ instance }) => absent || instance !== agent.instance).sort(bySeq);
}
