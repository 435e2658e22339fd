import type {
  AgentStopRequested,
  InboxEntry,
  MessageSent,
  TaskAssigned,
  TaskAttemptFailed,
  TaskCancelled,
  TaskView,
} from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { sseFrame } from '../adapters/sse-connection.adapter';
import type { Work } from './work-lookup';

/** Failures that the agent did not report itself: it may still be at work, and has to hear that it is over. */
const TAKEN_AWAY: readonly string[] = ['lease-expired', 'agent-lost', 'agent-gone', 'stopped', 'budget', 'deadline', 'progress-timeout'];

export const workKey = ({ taskId, attempt, assignment }: Pick<TaskAssigned, 'taskId' | 'attempt'> & { assignment?: string }): string =>
  `work ${taskId} ${attempt} ${assignment}`;
export const messageKey = (messageId: string): string => `message ${messageId}`;

export function workFrame({ data, correlationId, traceparent }: AnyEvent, { runId, spec, inputs }: Work, id: string): string {
  const { taskId, attempt, assignment, leaseUntilMs } = data as TaskAssigned;
  return sseFrame({
    id,
    event: 'work',
    data: { taskId, attempt, assignment, leaseUntilMs, runId, spec, inputs, correlationId, traceparent },
  });
}

/** A live attempt, as it is sent again to an agent that connects. */
export function openWorkFrame({ runId, spec, inputs, attempt, assignment, leaseUntilMs, correlationId, traceparent }: TaskView): string {
  return sseFrame({
    event: 'work',
    data: { taskId: spec.taskId, attempt, assignment, leaseUntilMs, runId, spec, inputs, correlationId, traceparent },
  });
}

export function messageFrame({ messageId, from, to, text, inReplyTo, sentAtMs }: MessageSent, id: string): string {
  const entry: InboxEntry = { messageId, from, to, text, ...(inReplyTo !== undefined && { inReplyTo }), state: 'queued', sentAtMs };
  return sseFrame({ id, event: 'message', data: entry });
}

export const openMessageFrame = (entry: InboxEntry): string => sseFrame({ event: 'message', data: entry });

/** For the agent whose attempt was cancelled or taken away; undefined when there is nobody to tell. */
export function cancelPush(event: AnyEvent, id: string): { agentId: string; key: string; frame: string } | undefined {
  const { taskId, attempt, agentId, reason } = event.data as TaskCancelled & TaskAttemptFailed;
  if (agentId === undefined || attempt === undefined) return undefined;
  if (event.type === 'task.attempt-failed' && !TAKEN_AWAY.includes(reason)) return undefined;
  return { agentId, key: `cancel ${taskId} ${attempt}`, frame: sseFrame({ id, event: 'cancel', data: { taskId, attempt, reason } }) };
}

export const stopFrame = ({ reason }: AgentStopRequested, id: string): string => sseFrame({ id, event: 'stop', data: { reason } });

/** Everything that is open has been sent: what the agent still holds besides `attempts` is over. */
export const openFrame = (work: readonly TaskView[]): string =>
  sseFrame({
    event: 'open',
    data: { attempts: work.map(({ spec: { taskId }, attempt, assignment }) => ({ taskId, attempt, assignment })) },
  });
