import type { Candidate, ScoreParts, TaskExplained, Waiting } from '@torch/contracts';
import { dateTime } from './format';
import { fields, table } from './table';

/** What a task waits for and how each agent stands to it, for people. */
export function taskExplained(explained: TaskExplained): string {
  const { taskId, status, agentId, ahead, waiting, candidates, summary } = explained;
  const facts = fields([
    ['task', taskId],
    ['status', status],
    ['agent', agentId],
    ['priority', priorityOf(explained)],
    ['before it', ahead === undefined ? undefined : `${ahead}${ahead >= AHEAD_COUNTED_MAX ? ' or more' : ''} ready tasks`],
  ]);
  const parts = [facts, summary];
  if (waiting.length > 0) parts.push(table(['WAITS FOR', 'WHICH', 'UNTIL', 'WHY'], waiting.map(waitingRow)));
  if (candidates.length > 0) parts.push(candidatesTable(candidates));
  return parts.join('\n\n');
}

/** Ready tasks ahead are counted up to here. */
const AHEAD_COUNTED_MAX = 1000;

function priorityOf({ priority, effectivePriority }: TaskExplained): string | undefined {
  if (priority === undefined) return undefined;
  return effectivePriority === undefined || effectivePriority === priority
    ? String(priority)
    : `${priority}, by waiting ${effectivePriority}`;
}

const waitingRow = ({ reason, what, untilMs, message }: Waiting): string[] => [
  reason,
  what ?? '',
  untilMs === undefined ? '' : dateTime(untilMs),
  message,
];

const PARTS: readonly (keyof ScoreParts)[] = ['successRate', 'load', 'preferred', 'affinity', 'idle'];

function candidatesTable(candidates: readonly Candidate[]): string {
  const rows = candidates.map(({ agentId, score, parts, misfits }) => [
    agentId,
    score?.toFixed(2) ?? '',
    ...PARTS.map((part) => parts?.[part].toFixed(2) ?? ''),
    misfits.map(({ message }) => message).join('; '),
  ]);
  return table(['AGENT', 'SCORE', 'SUCCESS', 'LOAD', 'PREFERRED', 'AFFINITY', 'IDLE', 'WHY NOT'], rows);
}
