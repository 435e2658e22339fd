import type { ProcessFenced, RecordFencedProcess } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';
import type { SpawnerLimits, SpawnerState } from './spawner.state';

/**
 * A process runs on a node, and is being stopped, since no spawn of the log is its own. Nothing to say of one that is, and
 * once only of each.
 *
 * @throws Rejection `too-many-fenced` when the node has reported so many that they are recorded no more for a while.
 */
export function recordFencedProcess(
  state: SpawnerState,
  { agentId, spawnId, node, pid }: RecordFencedProcess,
  nowMs: number,
  { fenced: { perReporterMax, windowMs } }: SpawnerLimits,
): readonly NewEvent[] {
  if (state.processes.get(agentId)?.spawnId === spawnId) return [];
  const verdict = state.fenced.judge(node, reportOf({ agentId, spawnId }), nowMs);
  if (verdict === 'again') return [];
  if (verdict === 'too-many')
    throw new Rejection(
      'too-many-fenced',
      `Node "${node}" has reported ${perReporterMax} processes within ${windowMs} ms that the log does not know.`,
    );

  const reason = `The log holds no spawn ${spawnId} of agent ${agentId}, or it has ended.`;
  const data: ProcessFenced = { agentId, spawnId, node, ...(pid !== undefined && { pid }), reason, fencedAtMs: nowMs };
  return [{ type: 'process.fenced', subject: `agent/${agentId}`, data }];
}

export function processFenced(state: SpawnerState, fenced: ProcessFenced): SpawnerState {
  state.fenced.note(fenced.node, reportOf(fenced), fenced.fencedAtMs);
  return state;
}

const reportOf = ({ agentId, spawnId }: Pick<ProcessFenced, 'agentId' | 'spawnId'>): string => `${agentId} ${spawnId}`;
