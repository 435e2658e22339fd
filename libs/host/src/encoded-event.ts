import { assertFits, eventContract, redactedData } from '@torch/contracts';
import { type AnyEvent, InvariantViolation, type NewEvent } from '@torch/kernel';
import { EntryTooLarge, EVENT_BYTES_MAX } from '@torch/log';

/** Who asks, for the envelope of the events. */
export interface Cause {
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
}

/** An event, and how the log will hold it. */
export interface EncodedEvent {
  readonly event: AnyEvent;
  readonly text: string;
  /** Of the text in UTF-8, with what separates it from the next. */
  readonly bytes: number;
}

/** @throws InvariantViolation when the event does not fit its contract; EntryTooLarge. */
export function encodeEvent(draft: NewEvent, project: string, cause: Cause): EncodedEvent {
  const event = complete(draft, project, cause);
  const text = JSON.stringify(event);
  const bytes = Buffer.byteLength(text) + 1;
  if (bytes > EVENT_BYTES_MAX) throw new EntryTooLarge(`Event ${event.type} of ${event.subject}`, bytes, EVENT_BYTES_MAX);
  return { event, text, bytes };
}

function complete(draft: NewEvent, project: string, cause: Cause): AnyEvent {
  const contract = eventContract(draft.type);
  if (!contract) throw new InvariantViolation(`No contract for event ${draft.type}.`);
  assertFits(contract.data, draft.data, `Event ${draft.type} of ${draft.subject}`);
  return {
    type: draft.type,
    v: contract.v,
    subject: draft.subject,
    project,
    actor: cause.actor,
    correlationId: draft.correlationId ?? cause.correlationId,
    causationId: cause.causationId,
    traceparent: draft.traceparent ?? cause.traceparent,
    data: redactedData(contract.data, draft.data), // Whatever way a text came: no secret is appended.
  };
}
