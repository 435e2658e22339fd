import type { AnyEvent } from '@torch/kernel';

export const correlationKey = (correlationId: string): string => `correlation/${correlationId}`;
/** Events that name this as what led to them. */
export const causeKey = (causationId: string): string => `cause/${causationId}`;

/**
 * Under what an event is found: its subject, the things that its data names (`runId` makes it one of `run/<id>`), its thread
 * of work and its cause.
 */
export function keysOf({ subject, correlationId, causationId, data }: AnyEvent): string[] {
  const keys = [subject, correlationKey(correlationId)];
  if (causationId !== undefined) keys.push(causeKey(causationId));
  for (const [name, value] of Object.entries(data as Record<string, unknown>)) {
    if (name.endsWith('Id') && typeof value === 'string') keys.push(`${name.slice(0, -2)}/${value}`);
  }
  return keys;
}
