import type { AnyEvent } from '@torch/kernel';
import type { Commit } from './commit';
import { eventId, type EventPlace } from './event-place';

/** An event as it leaves Torch: CloudEvents 1.0, with Torch's own attributes as extensions. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** ISO 8601. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  readonly torchproject: string;
  readonly torchactor: string;
  readonly torchcorrelationid: string;
  readonly torchcausationid?: string;
  readonly traceparent?: string;
  readonly data: unknown;
}

export function cloudEvent(event: AnyEvent, place: EventPlace, recordedAtMs: number): CloudEvent {
  return {
    specversion: '1.0',
    id: eventId(place),
    source: `torch/${place.partition}`,
    type: event.type,
    subject: event.subject,
    time: new Date(recordedAtMs).toISOString(),
    datacontenttype: 'application/json',
    dataschema: `urn:torch:event:${event.type}:${event.v}`,
    torchproject: event.project,
    torchactor: event.actor,
    torchcorrelationid: event.correlationId,
    ...(event.causationId !== undefined && { torchcausationid: event.causationId }),
    ...(event.traceparent !== undefined && { traceparent: event.traceparent }),
    data: event.data,
  };
}

/** The events of a commit that somebody asked for. */
export function cloudEventsOf(commit: Commit, partition: number, wanted: (event: AnyEvent, index: number) => boolean): CloudEvent[] {
  return commit.events.flatMap((event, index) =>
    wanted(event, index) ? [cloudEvent(event, { partition, position: commit.position, index }, commit.recordedAtMs)] : [],
  );
}
