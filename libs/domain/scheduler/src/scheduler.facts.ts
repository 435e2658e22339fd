import type { RegistryEvent, SchedulerEvent } from '@torch/contracts';
import { cutToBytes, type NewEvent } from '@torch/kernel';
import type { RunState, TaskState } from './scheduler.state';

/** What the scheduler hears from the registry. */
export const FOREIGN_TYPES = [
  'agent.registered',
  'agent.updated',
  'agent.draining',
  'agent.paused',
  'agent.suspected',
  'agent.recovered',
  'agent.lost',
  'agent.deregistered',
] as const;
export type AgentEvent = Extract<RegistryEvent, { type: (typeof FOREIGN_TYPES)[number] }>;

type EventType = SchedulerEvent['type'];
type DataOf<Type extends EventType> = Extract<SchedulerEvent, { type: Type }>['data'];
type TypeAbout<Key extends string> = Extract<SchedulerEvent, { data: Record<Key, string> }>['type'];

export function taskEvent<Type extends TypeAbout<'taskId'>>(type: Type, data: DataOf<Type> & { taskId: string }): NewEvent<Type> {
  return { type, subject: `task/${data.taskId}`, data };
}

export function taskSubmitted(data: DataOf<'task.submitted'>): NewEvent {
  return { type: 'task.submitted', subject: `task/${data.spec.taskId}`, data };
}

export function runEvent<Type extends 'run.submitted' | 'run.cancel-requested' | 'run.ended'>(
  type: Type,
  data: DataOf<Type>,
): NewEvent<Type> {
  return { type, subject: `run/${data.runId}`, data };
}

export function demandChanged(data: DataOf<'demand.changed'>): NewEvent {
  return { type: 'demand.changed', subject: `demand/${data.role}`, data };
}

/** For what the scheduler says by itself: the event belongs to the thread of work that it is about. */
export function inThread({ thread }: TaskState | RunState, { type, subject, data }: NewEvent): NewEvent {
  return { type, subject, data, correlationId: thread.correlationId, traceparent: thread.traceparent };
}

/** Of a text that is put together from others, such as a reason behind what it is the reason for. */
export const DERIVED_BYTES_MAX = 2000;

/** Every text that a rule puts together from what others wrote goes through here. */
export const derivedText = (text: string): string => cutToBytes(text, DERIVED_BYTES_MAX);

/** Of a reason in the events of what ends along with what was asked for: there may be very many of them. */
export const CASCADED_BYTES_MAX = 100;
export const cascadedReason = (reason: string): string => cutToBytes(reason, CASCADED_BYTES_MAX);
